"""The three bots of `examples` train without a word of complaint and lead their conversations."""

import shutil
from pathlib import Path

import pytest

from tests.integration.action_server import acting
from tests.integration.peer_sdk import sdk_server
from tests.integration.programs import copied, run, serving

UNUSED = {"T364", "T365"}
"""Warnings about what only the form's code uses."""


@pytest.fixture(scope="module")
def smalltalk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    assert run("train", folder=bot).status == 0
    return bot


@pytest.fixture(scope="module")
def formbot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("formbot", tmp_path_factory.mktemp("bots"))
    assert run("train", folder=bot).status == 0
    return bot


def talk(bot: Path, *said: str) -> str:
    done = run("shell", "--store", "memory", folder=bot, typed="".join(f"{one}\n" for one in said))
    assert done.status == 0, done.err
    return done.out


def test_the_smalltalk_bot_has_no_problems(smalltalk: Path) -> None:
    done = run("data", "validate", "--fail-on-warnings", folder=smalltalk)
    assert done.status == 0, done.out


def test_the_form_bot_has_none_but_what_its_code_uses(formbot: Path) -> None:
    done = run("data", "validate", folder=formbot)
    assert done.status == 0
    lines = done.out.splitlines()
    assert [line for line in lines if not UNUSED & set(line.replace(":", " ").split())] == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("good evening", "How is your day going?"),
        ("what time do you close?", "We open at eight in the morning"),
        ("where can I find the café?", "7 Plane Tree Square"),
        ("what's the password for the wifi?", "The network is called Corner Table"),
        ("are you a real human?", "I am a small program"),
        ("what can you do for me?", "answer questions about the café"),
        ("I'd like an orange juice please", "orange juice"),
        ("may I have a cocoa", "hot chocolate"),
        ("can I order something?", "What may I bring you?"),
        ("thank you so much", "You are most welcome."),
        ("lorem ipsum dolor sit amet", "I did not quite get that."),
    ],
)
def test_the_smalltalk_bot_knows_what_is_meant(smalltalk: Path, said: str, expected: str) -> None:
    assert expected in talk(smalltalk, said)


def test_the_smalltalk_bot_comforts(smalltalk: Path) -> None:
    out = talk(smalltalk, "hello", "not so great", "yes please", "no, not really")
    assert "Shall I try to cheer you up with a joke?" in out
    assert "Did that help a little?" in out
    assert "Then let us sit quietly for a while." in out


def test_the_smalltalk_bot_follows_its_stories_around_questions(smalltalk: Path) -> None:
    out = talk(smalltalk, "hi", "when do you open?", "I feel terrible", "rather not")
    assert "We open at eight" in out
    assert "Then let us sit quietly for a while." in out


def test_the_smalltalk_bot_remembers_the_drink(smalltalk: Path) -> None:
    out = talk(smalltalk, "can I order?", "2", "can I order something again?")
    assert out.count(" tea") == 2


def reserve(formbot: Path, tmp_path: Path, webhook: str) -> None:
    """Lead the conversation of the README with whatever serves the actions."""
    bot = Path(shutil.copytree(formbot, tmp_path / "bot"))
    (bot / "endpoints.yml").write_text(f"action_endpoint:\n  url: {webhook}\n")
    with serving("--enable-api", "--store", "memory", folder=bot) as server:
        assert server.say("I want to book a table") == ["Which kitchen do you fancy?"]
        assert server.say("mexican please") == [
            "We do not cook mexican here.",
            "Which kitchen do you fancy?",
        ]
        assert server.say("italian") == ["For how many people?"]
        assert server.say("when do you close?") == [
            "The kitchen is open from noon to eleven, every day.",
            "For how many people?",
        ]
        assert server.say("we are 99 people") == [
            "I can seat one to twelve people.",
            "For how many people?",
        ]
        assert server.say("for four")[0].startswith("Would you like to sit on the terrace?")
        assert server.say("yes please")[0].startswith("Any other wishes?")
        (booked,) = server.say("a quiet corner")
        assert booked.startswith("Your italian table for 4 is reserved. Your reference is ")
        tracker = server.client.conversation("me").tracker()
        assert tracker.active_loop == {}
        assert tracker.slots["cuisine"] is None
        assert tracker.slots["booking_reference"] in booked
        server.stop()


def test_the_form_bot_reserves_a_table(formbot: Path, tmp_path: Path) -> None:
    with acting() as webhook:
        reserve(formbot, tmp_path, webhook)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("yes", "Forgotten. Just say when you want a table."),
        ("no", "Good, where were we?"),
    ],
)
def test_the_form_bot_can_be_stopped(
    formbot: Path, tmp_path: Path, answer: str, expected: str
) -> None:
    bot = Path(shutil.copytree(formbot, tmp_path / "bot"))
    with acting() as webhook:
        (bot / "endpoints.yml").write_text(f"action_endpoint:\n  url: {webhook}\n")
        out = talk(bot, "book a table for 3", "stop", answer)
    assert "Shall I forget this reservation?" in out
    assert expected in out
    assert out.count("Which kitchen do you fancy?") == (2 if answer == "no" else 1)


def test_the_form_bot_can_be_stopped_after_thinking_again(formbot: Path, tmp_path: Path) -> None:
    bot = Path(shutil.copytree(formbot, tmp_path / "bot"))
    with acting() as webhook:
        (bot / "endpoints.yml").write_text(f"action_endpoint:\n  url: {webhook}\n")
        said = (
            "a table please",
            "indian",
            "when do you open?",
            "stop",
            "no",
            "four",
            "stop",
            "yes",
        )
        out = talk(bot, *said)
    assert out.count("Shall I forget this reservation?") == 2
    assert out.endswith("Forgotten. Just say when you want a table.\n")


def test_the_form_bot_takes_what_is_said_on_the_way_in(formbot: Path, tmp_path: Path) -> None:
    bot = Path(shutil.copytree(formbot, tmp_path / "bot"))
    with acting() as webhook:
        (bot / "endpoints.yml").write_text(f"action_endpoint:\n  url: {webhook}\n")
        out = talk(bot, "a table for 3, indian please")
    assert out.splitlines()[0] == "Would you like to sit on the terrace?"


@pytest.mark.peer
def test_the_form_bot_reserves_a_table_with_the_unmodified_sdk(
    formbot: Path, tmp_path: Path, sdk_python: Path
) -> None:
    with sdk_server(sdk_python, formbot) as webhook:
        reserve(formbot, tmp_path, webhook)
