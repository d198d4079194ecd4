"""Testing a model on stories, in a process of its own."""

import json
import shutil
from pathlib import Path

import pytest

from tests.integration.programs import copied, run

GOOD = """\
version: "3.1"
stories:
- story: a good day
  steps:
  - intent: greet
    user: hello
  - action: utter_greet
"""
BAD = """\
version: "3.1"
stories:
- story: no answer to that
  steps:
  - intent: greet
    user: hello
  - action: utter_goodbye
- story: well understood
  steps:
  - intent: goodbye
    user: hello
  - action: utter_goodbye
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    done = run("train", "--fixed-model-name", "first", folder=bot)
    assert done.status == 0, done.err
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


def put(bot: Path, text: str) -> None:
    (bot / "tests").mkdir()
    (bot / "tests" / "test_stories.yml").write_text(text)


def accuracy(bot: Path, out: str = "results") -> tuple[int, int]:
    found = json.loads((bot / out / "story_report.json").read_text())["conversation_accuracy"]
    return found["correct"], found["total"]


def test_the_bot_passes_the_stories_it_was_trained_on(bot: Path) -> None:
    done = run("test", "core", folder=bot)
    assert done.status == 0, done.err
    correct, total = accuracy(bot)
    assert correct == total > 0
    assert f"Correct:          {correct} / {total}" in done.out


def test_test_stories_are_found_wherever_they_are(bot: Path) -> None:
    put(bot, GOOD)
    done = run("test", folder=bot)
    assert done.status == 0, done.err
    assert accuracy(bot) == (1, 1)
    assert "END-TO-END level" in done.out


def test_failures_are_shown_and_written_but_are_no_failure_of_the_command(bot: Path) -> None:
    put(bot, BAD)
    done = run("test", "core", "--e2e", "-s", "tests", "--out", "here", folder=bot)
    assert done.status == 0
    assert accuracy(bot, "here") == (0, 2)
    assert "FAILED no answer to that  tests/test_stories.yml:" in done.out
    assert "  - action: utter_goodbye\n  + action: utter_greet" in done.out
    assert "  - intent: goodbye  user: hello\n  + intent: greet  user: hello" in done.out
    written = (bot / "here" / "failed_test_stories.yml").read_text()
    assert "- action: utter_goodbye  # predicted: utter_greet" in written


def test_the_first_failure_ends_the_command_when_it_shall(bot: Path) -> None:
    put(bot, BAD)
    done = run("test", "--fail-on-prediction-errors", folder=bot)
    assert done.status == 1
    assert "T345" in done.err
    assert "# predicted: utter_greet" in done.err
    assert "well understood" not in done.err


def test_without_stories_the_command_says_where_it_looked(bot: Path) -> None:
    done = run("test", "core", "--e2e", "-s", ".", folder=bot)
    assert done.status == 1
    assert "T344: there is no story to test in '.'" in done.err


def test_without_test_stories_only_examples_are_tested(bot: Path) -> None:
    done = run("test", "--no-plot", folder=bot)
    assert done.status == 0, done.err
    assert "There are no test stories" in done.err
    assert "Intents" in done.out


def test_test_files_count_without_end_to_end_too(bot: Path) -> None:
    put(bot, BAD)
    assert run("test", "core", "-s", "tests", folder=bot).status == 0
    assert accuracy(bot) == (1, 2)


def test_files_can_be_chosen(bot: Path) -> None:
    put(bot, GOOD)
    options = ("--successes", "--no-errors", "--no-warnings", "--max-stories", "1")
    assert run("test", "core", "--e2e", "-s", ".", *options, folder=bot).status == 0
    assert sorted(path.name for path in (bot / "results").iterdir()) == [
        "report.html",
        "story_confusion_matrix.json",
        "story_confusion_matrix.png",
        "story_report.json",
        "successful_test_stories.yml",
    ]


def test_several_models_are_compared(bot: Path) -> None:
    put(bot, GOOD)
    assert run("train", "--fixed-model-name", "second", folder=bot).status == 0
    named = run("test", "-m", "models/first.tar.gz", "models/second.tar.gz", folder=bot)
    assert accuracy(bot, "results/first") == accuracy(bot, "results/second") == (1, 1)
    every = run("test", "--evaluate-model-directory", "-m", "models", folder=bot)
    for done in (named, every):
        assert done.status == 0, done.err
        assert "1 / 1  models/first.tar.gz" in done.out
        assert "1 / 1  models/second.tar.gz" in done.out


def test_a_dialogue_model_takes_messages_as_written(bot: Path) -> None:
    put(bot, BAD)
    assert run("train", "core", "--out", "core", folder=bot).status == 0
    done = run("test", "-m", "core", folder=bot)
    assert "understands no messages" in done.err
    assert accuracy(bot) == (1, 2)


def test_a_legacy_bot_is_tested_on_markdown(tmp_path: Path) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    old = ("-s", "stories.md", "-d", "domain.yml", "-c", "policies.yml")
    trained = run("train", "core", *old, folder=bot)
    assert trained.status == 0, trained.out + trained.err
    done = run("test", "core", "-s", "stories.md", folder=bot)
    assert done.status == 0, done.err
    correct, total = accuracy(bot)
    assert correct == total > 0
    assert (bot / "results" / "failed_stories.md").read_text().startswith("<!-- All stories")


def test_configurations_are_trained_on_less_and_less_and_compared(bot: Path) -> None:
    text = (bot / "config.yml").read_text()
    (bot / "other.yml").write_text(
        f"{text.partition('policies:')[0]}policies:\n- name: RulePolicy\n"
    )
    line = "train core -c config.yml other.yml --out runs --runs 1 --percentages 0 50"
    done = run(*line.split(), folder=bot)
    assert done.status == 0, done.err
    written = sorted(path.name for path in (bot / "runs" / "run_1").iterdir())
    assert written == [
        f"{name}__percentage__{at}.tar.gz" for name in ("config", "other") for at in (1, 2)
    ]
    counts = json.loads((bot / "runs" / "num_stories.json").read_text())
    assert counts[0] > counts[1] > 0
    done = run("test", "core", "-m", "runs", "--evaluate-model-directory", folder=bot)
    assert done.status == 0, done.err
    found = json.loads((bot / "results" / "results.json").read_text())
    assert sorted(found) == ["config", "other"]
    assert (bot / "results" / "model_comparison_graph.pdf").is_file()


def test_configurations_of_the_same_name_cannot_be_compared(bot: Path) -> None:
    (bot / "more").mkdir()
    shutil.copy(bot / "config.yml", bot / "more")
    done = run("train", "core", "-c", "config.yml", "more/config.yml", folder=bot)
    assert done.status == 1
    assert "same name" in done.err
