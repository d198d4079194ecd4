"""Interactive learning, driven through a real pseudo-terminal as a person does."""

import os
import pty
import re
import select
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.domain import read_domain
from tertulia.data.nlu import read_nlu
from tertulia.data.stories.read import read_stories
from tests.integration.programs import TERTULIA, copied, run

_PATIENCE = 60.0


class Terminal:
    """A program at a pseudo-terminal."""

    def __init__(self, folder: Path, *args: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            # Or Ctrl-C would reach nobody, and be ignored where the tests run in the background.
            ["env", "--default-signal=INT", "setsid", "--ctty", *TERTULIA, *args],
            cwd=folder,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, "TERM": "dumb"},
        )
        os.close(slave)
        self.shown = ""
        self._read = 0

    def wait_for(self, words: str) -> str:
        """Read until these words appear after what was waited for before; return what came."""
        deadline = time.monotonic() + _PATIENCE
        while (at := self.shown.find(words, self._read)) < 0:
            ready, _, _ = select.select([self._master], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"{words!r} did not come:\n{self.shown[self._read :]}")
            try:
                piece = os.read(self._master, 65536)
            except OSError as error:  # how Linux says that the other end is closed
                raise AssertionError(f"ended before {words!r}:\n{self.shown}") from error
            self.shown += piece.decode()
        came = self.shown[self._read : at]
        self._read = at + len(words)
        return came

    def type(self, line: str) -> None:
        os.write(self._master, f"{line}\n".encode())

    def answer(self, question: str, line: str) -> str:
        came = self.wait_for(question)
        self.type(line)
        return came

    def press_ctrl_c(self) -> None:
        self._settle()
        os.write(self._master, b"\x03")

    def _settle(self) -> None:
        """Wait until the program waits: between prompt and waiting, a signal is noticed late."""
        stat, calm = Path(f"/proc/{self.process.pid}/stat"), 0
        deadline = time.monotonic() + _PATIENCE
        while calm < 5 and time.monotonic() < deadline:
            is_asleep = stat.read_text().rpartition(")")[2].split()[0] == "S"
            calm = calm + 1 if is_asleep else 0
            time.sleep(0.02)

    def end(self) -> int:
        return self.process.wait(_PATIENCE)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(_PATIENCE)
        os.close(self._master)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    assert run("train", folder=bot).status == 0
    return bot


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for one in opened:
        one.close()


CORRECT = "labelled correctly? [Y/n]"
INPUT = "Your input ->"


def number_of(menu: str, name: str) -> str:
    found = re.search(rf"^\s*(\d+)  {re.escape(name)}(?=\s|$)", menu, re.MULTILINE)
    assert found is not None, menu
    return found[1]


def test_a_person_corrects_undoes_forks_and_saves(
    trained: Path, tmp_path: Path, terminals: list[Terminal]
) -> None:
    bot = tmp_path / "bot"
    subprocess.run(["cp", "-r", trained, bot], check=True)
    person = Terminal(bot, "interactive", "-m", "models")
    terminals.append(person)
    person.answer(INPUT, "hello")
    person.answer(CORRECT, "")
    person.answer("wants to run 'utter_greet'", "")
    person.wait_for("action_listen: the bot waits for your next message.")
    person.answer("wants to run 'action_listen'", "")
    person.answer(INPUT, "a large espresso for me")
    person.answer(CORRECT, "n")
    menu = person.wait_for("Which intent is it?")
    person.type(number_of(menu, "order_drink"))
    person.answer("Message ->", "a large [espresso](drink) for me")
    person.answer("correct? [Y/n]", "n")
    menu = person.wait_for("What should the bot do?")
    offered = re.findall(r"^\s*\d+  (\S+)", menu, re.MULTILINE)
    assert "..." not in offered, "a mark in rules is no action"
    assert "utter_abilities" in offered, "the bot's own actions come before built-in ones"
    assert "action_back" not in offered
    person.type(number_of(menu, "<create a new action>"))
    person.answer("Name of the new action:", "utter_coming")
    person.answer("What should it say?", "It is coming.")
    person.wait_for("It is coming.")
    person.wait_for("correct? [Y/n]")
    person.press_ctrl_c()
    menu = person.wait_for("Do what?")
    person.type(number_of(menu, "Undo"))
    person.wait_for("The last step is taken back.")
    person.answer("correct? [Y/n]", "n")
    menu = person.wait_for("What should the bot do?")
    person.type(number_of(menu, "<another one>"))
    person.answer("Its name:", "utter_coming")
    person.answer("correct? [Y/n]", "n")
    menu = person.wait_for("What should the bot do?")
    person.type(number_of(menu, "action_listen"))
    person.wait_for(INPUT)
    person.press_ctrl_c()
    menu = person.wait_for("Do what?")
    person.type(number_of(menu, "Fork"))
    menu = person.wait_for("Before which message?")
    person.type(number_of(menu, "a large espresso for me"))
    person.answer(INPUT, "/goodbye")
    person.answer("wants to run 'utter_goodbye'", "")
    person.wait_for("wants to run 'action_listen'")
    person.press_ctrl_c()
    menu = person.wait_for("Do what?")
    person.type(number_of(menu, "Save and quit"))
    person.answer("Stories to:", "")
    person.answer("Examples to:", "")
    person.answer("Domain to:", "")
    person.wait_for("written: domain.yml")
    assert person.end() == 0

    stories = read_stories([bot / "data"], domain=None, diagnostics=Diagnostics()).stories
    taught = {one.name: one for one in stories if one.name.startswith("interactive")}
    actions = [
        [getattr(placed.event, "name", None) for placed in one.events()] for one in taught.values()
    ]
    assert actions[0] == [None, "utter_greet", None, "drink", "utter_coming"]
    assert actions[1] == [None, "utter_greet", None, "utter_goodbye"]
    examples = read_nlu([bot / "data"], diagnostics=Diagnostics()).examples
    (mine,) = [one for one in examples if one.text == "a large espresso for me"]
    assert (mine.intent, mine.entities[0].entity) == ("order_drink", "drink")
    assert "utter_coming" in (bot / "domain.yml").read_text()
    assert (bot / "domain.yml.bak").read_text() == (trained / "domain.yml").read_text()
    found = Diagnostics()
    assert read_domain([bot / "domain.yml"], diagnostics=found) is not None
    assert found.errors == []


def test_an_intent_made_up_here_is_no_surprise(trained: Path, terminals: list[Terminal]) -> None:
    person = Terminal(trained, "interactive", "-m", "models")
    terminals.append(person)
    person.answer(INPUT, "do you have any cake?")
    person.answer(CORRECT, "n")
    menu = person.wait_for("Which intent is it?")
    person.type(number_of(menu, "<create a new intent>"))
    person.answer("Name of the new intent:", "ask_cake")
    person.answer("Message ->", "do you have any [cake](dish)?")
    assert "T71" not in person.wait_for("The bot wants to run '")


def test_an_intent_that_the_domain_lacks_is_not_taken(
    trained: Path, terminals: list[Terminal]
) -> None:
    person = Terminal(trained, "interactive", "-m", "models")
    terminals.append(person)
    person.answer(INPUT, "/no_such_thing")
    person.wait_for("The domain has no intent 'no_such_thing'")
    person.wait_for(INPUT)


def test_leaving_without_saving_writes_nothing(trained: Path, terminals: list[Terminal]) -> None:
    before = {path: path.read_bytes() for path in trained.rglob("*.yml")}
    person = Terminal(trained, "interactive", "core", "-m", "models")
    terminals.append(person)
    person.answer(INPUT, "/greet")
    person.wait_for("correct? [Y/n]")
    person.press_ctrl_c()
    menu = person.wait_for("Do what?")
    person.type(number_of(menu, "Quit"))
    assert person.end() == 0
    assert {path: path.read_bytes() for path in trained.rglob("*.yml")} == before


def test_a_0x_bot_is_taught_in_markdown(tmp_path: Path, terminals: list[Terminal]) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    (bot / "data").mkdir()
    for name in ("nlu.md", "stories.md"):
        (bot / name).rename(bot / "data" / name)
    before = (bot / "data" / "stories.md").read_text()
    options = ("-c", "nlu_config.yml", "policies.yml", "-d", "domain.yml")
    person = Terminal(bot, "interactive", *options)
    terminals.append(person)
    person.answer(INPUT, "/happy")
    person.wait_for("correct? [Y/n]")
    person.type("")
    person.wait_for("correct? [Y/n]")
    person.press_ctrl_c()
    menu = person.wait_for("Do what?")
    person.type(number_of(menu, "Save and quit"))
    person.answer("Stories to:", "")
    person.answer("Examples to:", "")
    person.answer("Domain to:", "")
    person.wait_for("written: data/stories.md")
    assert person.end() == 0
    after = (bot / "data" / "stories.md").read_text()
    assert after.startswith(before.rstrip())
    assert "## interactive_story_1\n* happy\n" in after


def step(person: Terminal, action: str, answer: str = "") -> str:
    """Answer what the bot wants to do; return what was shown before."""
    came = person.wait_for("The bot wants to run '")
    person.wait_for(f"{action}'")
    person.answer("correct? [Y/n]", answer)
    return came


def choose_other(person: Terminal, action: str) -> None:
    menu = person.wait_for("What should the bot do?")
    person.type(number_of(menu, "<another one>"))
    person.answer("Its name:", action)


@pytest.fixture(scope="module")
def form_bot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("formbot", tmp_path_factory.mktemp("bots"))
    assert run("train", folder=bot).status == 0
    return bot


def test_a_correction_is_learned_at_once(form_bot: Path, terminals: list[Terminal]) -> None:
    person = Terminal(form_bot, "interactive", "-m", "models")
    terminals.append(person)
    for _ in range(2):  # first at the beginning, then after itself
        person.answer(INPUT, "/inform")
        step(person, "action_default_fallback", "n")
        choose_other(person, "utter_welcome")
        person.wait_for("My pleasure.")
        if "action_default_fallback" in person.wait_for("correct? [Y/n]"):
            person.type("n")
            choose_other(person, "action_listen")
        else:
            person.type("")
    person.answer(INPUT, "/inform")
    step(person, "utter_welcome")
    person.wait_for("My pleasure.")
    step(person, "action_listen")


def test_a_form_with_actions_of_the_bot_is_taught(
    form_bot: Path, terminals: list[Terminal]
) -> None:
    person = Terminal(form_bot, "interactive", "-m", "models")
    terminals.append(person)
    person.answer(INPUT, "/book_table")
    step(person, "table_form")
    person.wait_for("Which kitchen do you fancy?")
    step(person, "action_listen")
    # The bot's own validation runs in this process and refuses.
    person.answer(INPUT, '/inform{"cuisine": "martian"}')
    step(person, "table_form")
    person.wait_for("We do not cook martian here.")
    step(person, "action_listen")
    # Another answer than the form's: it is rejected, comes back, and may ask again first.
    person.answer(INPUT, "/thank")
    step(person, "table_form", "n")
    choose_other(person, "utter_hours")
    person.wait_for("The kitchen is open from noon to eleven")
    step(person, "action_default_fallback", "n")
    choose_other(person, "table_form")
    person.answer("validate user input to fill the slot 'cuisine'?", "n")
    person.wait_for("Which kitchen do you fancy?")
