"""The commands of the 0.x manuals, word by word, on a project of that time."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.integration.programs import copied, old, run, serving

NLU = "-c nlu_config.yml -d nlu.md -o models --project nlu --fixed_model_name current"
CORE = "-d domain.yml -s stories.md -o models/dialogue -c policies.yml"
SERVE = "--enable_api -d models/dialogue -u models/nlu/current -o out.log"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("legacy_moodbot", tmp_path_factory.mktemp("bots"))
    for module, line in (("rasa_nlu.train", NLU), ("rasa_core.train", CORE)):
        done = run(*line.split(), folder=bot, command=old(module))
        assert done.status == 0, done.err
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


def test_the_models_are_folders_where_they_always_were(trained: Path) -> None:
    assert (trained / "models" / "dialogue" / "manifest.json").is_file()
    assert (trained / "models" / "nlu" / "current" / "manifest.json").is_file()


def test_training_again_replaces_the_folder(bot: Path) -> None:
    done = run(*CORE.split(), "--dump_stories", folder=bot, command=old("rasa_core.train"))
    assert done.status == 0, done.err
    assert "## a happy day" in (bot / "models" / "dialogue" / "stories.md").read_text()


def test_a_folder_that_holds_other_things_is_never_replaced(bot: Path) -> None:
    (bot / "mine").mkdir()
    (bot / "mine" / "thesis.txt").write_text("years of work")
    line = CORE.replace("models/dialogue", "mine")
    done = run(*line.split(), folder=bot, command=old("rasa_core.train"))
    assert done.status == 1
    assert "T412" in done.err
    assert (bot / "mine" / "thesis.txt").read_text() == "years of work"


def test_policies_may_be_left_out(bot: Path) -> None:
    line = CORE.removesuffix(" -c policies.yml")
    done = run(*line.split(), folder=bot, command=old("rasa_core.train"))
    assert done.status == 0, done.err


def test_a_mistake_in_a_story_ends_with_one_and_its_line(bot: Path) -> None:
    stories = bot / "stories.md"
    stories.write_text(stories.read_text().replace("- utter_who_i_am", "- utter_who_am_i"))
    done = run(*CORE.split(), folder=bot, command=old("rasa_core.train"))
    assert done.status == 1
    assert "stories.md:" in done.err
    assert "utter_who_am_i" in done.err
    assert "Traceback" not in done.err


def test_the_served_bot_answers_as_the_old_server_did(bot: Path) -> None:
    # Started as by a service manager: nobody is at the terminal.
    with serving(*SERVE.split(), folder=bot, command=old("rasa_core.run")) as server:
        assert server.client.version().version.startswith("0.13")
        _, messages = server.ask("/conversations/me/respond", {"query": "hello"})
        assert messages[0]["text"] == "Hello! How do you feel today?"
        assert server.ask("/conversations/me/respond", {"query": "I feel sad"})[0] == 200
        tracker = server.client.conversation("me").tracker()
        assert tracker.latest_message["intent"]["name"] == "sad"
        assert server.stop() == 0
        assert "the server goes on without a terminal" in server.log
    assert (bot / "out.log").is_file()


def test_the_conversation_is_kept_in_the_working_directory(bot: Path) -> None:
    for said in ("hello", "I feel sad"):
        with serving(*SERVE.split(), folder=bot, command=old("rasa_core.run")) as server:
            server.ask("/conversations/me/respond", {"query": said})
            events = server.events()
            server.stop()
    said_by_user = [one["text"] for one in events if one["event"] == "user"]
    assert said_by_user == ["hello", "I feel sad"]
    assert (bot / ".tertulia" / "conversations.db").is_file()


def test_without_nlu_only_intents_are_understood(bot: Path) -> None:
    line = "--enable_api -d models/dialogue --connector rest"
    with serving(*line.split(), folder=bot, command=old("rasa_core.run")) as server:
        assert server.say("/hello") == ["Hello! How do you feel today?"]
        server.stop()


def test_the_person_at_the_terminal_talks_and_ends_the_server(bot: Path) -> None:
    done = run(
        *["-d", "models/dialogue", "-u", "models/nlu/current", "--port", "0"],
        folder=bot,
        command=old("rasa_core.run"),
        typed="hello\n2\nyes\n/stop\nthis is never said\n",
    )
    assert done.status == 0, done.err
    assert "Do you feel a little lighter now?" in done.out
    assert "Wonderful, keep that smile." in done.out


def test_the_server_is_there_for_others_while_somebody_is_at_the_terminal(bot: Path) -> None:
    command = old("rasa_core.run")
    pipe = subprocess.PIPE
    with serving(*SERVE.split(), folder=bot, command=command, stdin=pipe) as server:
        _, messages = server.ask("/conversations/other/respond", {"query": "hello"})
        assert messages
        assert server.process.stdin is not None
        server.process.stdin.write(b"hello\n")
        server.process.stdin.close()
        assert server.process.wait(30) == 0
        assert "Hello! How do you feel today?" in server.log


def test_with_credentials_nobody_is_asked_at_the_terminal(bot: Path) -> None:
    line = f"{SERVE} --credentials credentials.yml"
    with serving(*line.split(), folder=bot, command=old("rasa_core.run")) as server:
        assert server.say("hello")
        assert "terminal" not in server.log
        server.stop()


def test_a_signal_ends_the_server_while_the_terminal_waits(bot: Path) -> None:
    command = old("rasa_core.run")
    pipe = subprocess.PIPE
    with serving(*SERVE.split(), folder=bot, command=command, stdin=pipe) as server:
        assert server.stop() == 0
        assert "Fatal Python error" not in server.log


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("rasa_core.run", ""),
        ("rasa_core.run", "--d"),
        ("rasa_core.train", "-d domain.yml"),
        ("rasa_nlu.train", "-d nlu.md"),
    ],
)
def test_wrong_usage_ends_with_two(tmp_path: Path, module: str, line: str) -> None:
    assert run(*line.split(), folder=tmp_path, command=old(module)).status == 2


def test_a_model_that_is_not_there_ends_with_one(tmp_path: Path) -> None:
    done = run("-d", "models/dialogue", folder=tmp_path, command=old("rasa_core.run"))
    assert done.status == 1
    assert "T402" in done.err
