"""The commands of 0.x that test and compare, on a project of that time."""

import json
import shutil
from pathlib import Path

import pytest

from tests.integration.programs import copied, old, run

NLU = "-c nlu_config.yml -d nlu.md -o models --project nlu --fixed_model_name current"
CORE = "-d domain.yml -s stories.md -o models/dialogue -c policies.yml"
STORY = """\
## well
* hello: hello
  - utter_hello
## not well
* hello: hello
  - utter_who_i_am
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("legacy_moodbot", tmp_path_factory.mktemp("bots"))
    for module, line in (("rasa_nlu.train", NLU), ("rasa_core.train", CORE)):
        done = run(*line.split(), folder=bot, command=old(module))
        assert done.status == 0, done.err
    (bot / "e2e.md").write_text(STORY)
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


@pytest.mark.parametrize("module", ["rasa_core.evaluate", "rasa_core.test"])
def test_failed_stories_are_written_as_they_were(bot: Path, module: str) -> None:
    line = "--core models/dialogue -u models/nlu/current -s e2e.md --e2e"
    done = run(*line.split(), folder=bot, command=old(module))
    assert done.status == 0, done.err
    written = (bot / "results" / "failed_stories.md").read_text()
    assert "## not well" in written
    assert "- utter_who_i_am   <!-- predicted: utter_hello -->" in written
    assert (bot / "results" / "story_confmat.pdf").is_file()


def test_all_passed_is_said_and_the_first_mistake_may_stop(bot: Path) -> None:
    command = old("rasa_core.evaluate")
    done = run("--core", "models/dialogue", "-s", "stories.md", folder=bot, command=command)
    assert done.status == 0, done.err
    written = (bot / "results" / "failed_stories.md").read_text()
    assert written == "<!-- All stories passed -->\n"
    line = "--core models/dialogue -s e2e.md --fail_on_prediction_errors"
    done = run(*line.split(), folder=bot, command=command)
    assert done.status == 1
    assert "T345" in done.err


def test_policies_are_compared_on_less_and_less(bot: Path) -> None:
    (bot / "memory.yml").write_text("policies:\n- name: MemoizationPolicy\n")
    (bot / "keras.yml").write_text("policies:\n- name: rasa_core.policies.KerasPolicy\n")
    line = "compare -c memory.yml keras.yml -d domain.yml -s stories.md -o runs --runs 2"
    command = old("rasa_core.train")
    done = run(*line.split(), "--percentages", "0", "60", folder=bot, command=command)
    assert done.status == 0, done.err
    for path in ("run_1/MemoizationPolicy1", "run_2/KerasPolicy2"):
        assert (bot / "runs" / path / "manifest.json").is_file()
    counts = json.loads((bot / "runs" / "num_stories.json").read_text())
    assert counts[0] > counts[1]

    line = "compare --core runs -s stories.md -o compared"
    done = run(*line.split(), folder=bot, command=old("rasa_core.evaluate"))
    assert done.status == 0, done.err
    found = json.loads((bot / "compared" / "results.json").read_text())
    assert sorted(found) == ["KerasPolicy", "MemoizationPolicy"]
    assert [len(run) for run in found["MemoizationPolicy"]] == [2, 2]
    assert found["MemoizationPolicy"][0][0] == counts[0]
    assert (bot / "compared" / "model_comparison_graph.pdf").is_file()


def test_a_file_with_two_policies_cannot_be_compared(bot: Path) -> None:
    two = "policies:\n- name: MemoizationPolicy\n- name: KerasPolicy\n"
    (bot / "two.yml").write_text(two)
    line = "compare -c two.yml -d domain.yml -s stories.md -o runs"
    done = run(*line.split(), folder=bot, command=old("rasa_core.train"))
    assert done.status == 1
    assert "exactly one policy" in done.err


@pytest.mark.parametrize("module", ["rasa_nlu.evaluate", "rasa_nlu.test"])
def test_what_is_understood_is_tested_under_the_old_names(bot: Path, module: str) -> None:
    line = "-d nlu.md -m models/nlu/current --report reports --successes"
    done = run(*line.split(), folder=bot, command=old(module))
    assert done.status == 0, done.err
    for name in ("errors.json", "successes.json", "confmat.png", "hist.png"):
        assert (bot / name).is_file()
    report = json.loads((bot / "reports" / "intent_report.json").read_text())
    assert report["accuracy"] > 0.9


def test_a_pipeline_is_cross_validated(bot: Path) -> None:
    line = "-d nlu.md -c nlu_config.yml --mode crossvalidation -f 2"
    done = run(*line.split(), folder=bot, command=old("rasa_nlu.evaluate"))
    assert done.status == 0, done.err
    assert "F1-score" in done.out
    assert (bot / "errors.json").is_file()


def test_what_a_mode_needs_is_asked_for(bot: Path) -> None:
    command = old("rasa_nlu.evaluate")
    done = run("-d", "nlu.md", "--mode", "crossvalidation", folder=bot, command=command)
    assert done.status == 2
    assert "needs --config" in done.err
