"""Testing what is understood, in a process of its own."""

import json
import shutil
from pathlib import Path

import pytest

from tests.integration.programs import copied, run

HELD_OUT = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - goodbye
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    done = run("train", folder=bot)
    assert done.status == 0, done.err
    (bot / "held_out.yml").write_text(HELD_OUT)
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_reports_mistakes_and_pictures_have_the_names_of_the_originals(bot: Path) -> None:
    done = run("test", "nlu", "-u", "held_out.yml", "--successes", folder=bot)
    assert done.status == 0, done.err
    assert names(bot / "results") == {
        "intent_report.json",
        "intent_errors.json",
        "intent_successes.json",
        "intent_confusion_matrix.png",
        "intent_histogram.png",
        "report.html",
    }
    report = json.loads((bot / "results" / "intent_report.json").read_text())
    assert report["greet"]["confused_with"] == {"goodbye": 1}
    assert "1 x greet taken for goodbye" in done.out


def test_too_low_a_figure_fails_the_command_when_it_shall(bot: Path) -> None:
    options = ("test", "nlu", "-u", "held_out.yml", "--no-plot", "--fail-under")
    assert run(*options, "0.5", folder=bot).status == 0
    done = run(*options, "0.9", folder=bot)
    assert done.status == 1
    assert "Intents: F1 0.667 is below 0.9" in done.err


def test_cross_validation_prints_mean_and_deviation_the_same_each_time(bot: Path) -> None:
    options = ("test", "nlu", "--cross-validation", "-f", "3", "--no-plot")
    first = run(*options, folder=bot)
    assert first.status == 0, first.err
    assert "F1-score   test 0." in first.out
    assert run(*options, folder=bot).out == first.out
    assert "Cross-validation" in (bot / "results" / "report.html").read_text()


def test_configurations_are_compared_with_less_and_less_data(bot: Path) -> None:
    shutil.copy(bot / "config.yml", bot / "other.yml")
    options = ("-c", "config.yml", "other.yml", "--runs", "1", "--percentages", "0", "50")
    done = run("test", "nlu", *options, folder=bot)
    assert done.status == 0, done.err
    found = json.loads((bot / "results" / "results.json").read_text())
    assert found["config"] == found["other"]
    assert [len(run) for run in found["config"]] == [2]
    assert (bot / "results" / "nlu_model_comparison_graph.pdf").read_bytes().startswith(b"%PDF")
    assert (bot / "results/run_1/50%_exclusion/other_report/intent_report.json").is_file()


def test_without_the_library_for_pictures_everything_else_is_written(bot: Path) -> None:
    (bot / "matplotlib.py").write_text("raise ImportError\n")
    done = run("test", "nlu", folder=bot, env={"PYTHONPATH": str(bot)})
    assert done.status == 0, done.err
    assert "No pictures: T503: pictures need the package 'matplotlib'" in done.err
    assert {"intent_report.json", "report.html"} <= names(bot / "results")
    assert not list((bot / "results").glob("*.png"))


def test_a_dialogue_model_cannot_be_tested_on_examples(bot: Path) -> None:
    assert run("train", "core", "--out", "core", folder=bot).status == 0
    done = run("test", "nlu", "-m", "core", folder=bot)
    assert done.status == 1
    assert "T384" in done.err


def test_a_folder_without_examples_is_named(bot: Path) -> None:
    (bot / "empty").mkdir()
    done = run("test", "nlu", "-u", "empty", folder=bot)
    assert done.status == 1
    assert "T385: there are no NLU examples in 'empty'" in done.err


def test_one_model_is_tested_at_a_time(bot: Path) -> None:
    done = run("test", "nlu", "-m", "models", "models", folder=bot)
    assert done.status == 2
    assert "name one model" in done.err


def test_stories_and_examples_are_on_one_page(bot: Path) -> None:
    (bot / "tests").mkdir()
    (bot / "tests" / "test_stories.yml").write_text(
        'version: "3.1"\nstories:\n- story: wrong\n  steps:\n  - intent: greet\n'
        "    user: hello\n  - action: utter_goodbye\n"
    )
    done = run("test", folder=bot)
    assert done.status == 0, done.err
    text = (bot / "results" / "report.html").read_text()
    assert "failed: wrong" in text
    assert "Intents" in text
    assert {"story_report.json", "intent_report.json"} <= names(bot / "results")
