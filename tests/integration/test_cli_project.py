"""Training, checking, and talking in the terminal, each in a process of its own."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.integration.programs import copied, run


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    done = run("train", folder=bot)
    assert done.status == 0, done.err
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


def models(bot: Path, folder: str = "models") -> list[str]:
    return sorted(path.name for path in (bot / folder).iterdir())


def test_training_writes_a_dated_model_and_says_where(trained: Path) -> None:
    (name,) = models(trained)
    assert re.fullmatch(r"\d{8}-\d{6}-[a-z]+-[a-z]+\.tar\.gz", name)


def test_training_again_without_changes_trains_nothing(bot: Path) -> None:
    (name,) = models(bot)
    done = run("train", folder=bot)
    assert done.status == 0
    assert done.out == f"Nothing changed; the model is models/{name}\n"
    assert models(bot) == [name]


def test_a_new_wording_is_taken_over_without_learning(bot: Path) -> None:
    domain = bot / "domain.yml"
    domain.write_text(domain.read_text().replace("You are most welcome.", "Any time."))
    done = run("train", folder=bot)
    assert done.status == 0
    assert "LogisticRegressionClassifier" not in done.err
    talked = run("shell", folder=bot, typed="thanks\n")
    assert "Any time." in talked.out


def test_force_learns_everything_again(bot: Path) -> None:
    done = run("train", "--force", folder=bot)
    assert done.status == 0
    assert "LogisticRegressionClassifier" in done.err
    assert len(models(bot)) == 2


def test_a_dry_run_says_what_would_be_done_by_its_status(bot: Path) -> None:
    assert run("train", "--dry-run", folder=bot).status == 0
    assert run("train", "--dry-run", "--force", folder=bot).status == 8
    stories = bot / "data" / "stories.yml"
    stories.write_text(stories.read_text().replace("utter_quiet", "utter_goodbye"))
    done = run("train", "--dry-run", folder=bot)
    assert (done.status, done.out) == (1, "Training would learn: dialogue.\n")
    assert len(models(bot)) == 1


def test_the_name_and_the_folder_can_be_chosen(bot: Path) -> None:
    done = run("train", "--fixed-model-name", "mine.zip", "--out", "elsewhere", folder=bot)
    assert done.status == 0
    assert models(bot, "elsewhere") == ["mine.tar.gz"]


def test_a_fixed_name_is_written_even_when_nothing_changed(bot: Path) -> None:
    assert run("train", "--fixed-model-name", "mine", folder=bot).status == 0
    assert "mine.tar.gz" in models(bot)


@pytest.mark.parametrize("part", ["core", "nlu"])
def test_one_part_can_be_trained_alone(bot: Path, part: str) -> None:
    assert run("train", part, "--out", "parts", folder=bot).status == 0
    (name,) = models(bot, "parts")
    assert name.startswith(f"{part}-")


def test_several_folders_of_data_are_read(bot: Path) -> None:
    (bot / "more").mkdir()
    (bot / "data" / "rules.yml").rename(bot / "more" / "rules.yml")
    # The dialogue is learned again, because explanations name the file of a rule.
    done = run("train", "--data", "data", "more", folder=bot)
    assert done.status == 0, done.out + done.err
    assert run("train", "--data", "data", "more", "--dry-run", folder=bot).status == 0
    assert run("train", "--data", "data", "--dry-run", folder=bot).status == 1


def test_a_mistake_is_shown_like_a_compiler_does(bot: Path) -> None:
    rules = bot / "data" / "rules.yml"
    rules.write_text(rules.read_text().replace("utter_welcome", "utter_welcom"))
    for command in ("data validate", "train"):
        done = run(*command.split(), folder=bot)
        assert done.status == 1
        shown = done.out + done.err
        assert re.search(r"^data/rules\.yml:\d+:\d+: .*T\d{3}: .*utter_welcom", shown, re.MULTILINE)
        assert "Traceback" not in shown


def test_a_whole_project_is_fine(bot: Path) -> None:
    done = run("data", "validate", "--fail-on-warnings", folder=bot)
    assert (done.status, done.out, done.err) == (0, "", "0 errors, 0 warnings\n")


def add_forgotten_intent(bot: Path) -> None:
    nlu = bot / "data" / "nlu.yml"
    added = "\n  - intent: forgotten\n    examples: |\n      - a\n      - b\n"
    nlu.write_text(nlu.read_text() + added)


def test_problems_can_be_had_as_json(bot: Path) -> None:
    add_forgotten_intent(bot)
    done = run("data", "validate", "--json", folder=bot)
    (problem,) = json.loads(done.out)
    assert done.status == 0
    assert (problem["severity"], problem["file"]) == ("warning", "data/nlu.yml")
    assert "forgotten" in problem["message"]


def test_a_contradiction_comes_with_its_conversation(bot: Path) -> None:
    (bot / "data" / "more.yml").write_text(
        'version: "3.1"\nrules:\n- rule: loud\n  steps:\n  - intent: thank\n'
        "  - action: utter_quiet\n"
    )
    done = run("data", "validate", "--json", folder=bot)
    errors = [one for one in json.loads(done.out) if one["severity"] == "error"]
    assert done.status == 1
    assert {one["code"] for one in errors} == {"T382"}
    assert all(one["hint"] and one["line"] for one in errors)
    assert "user: thank" in errors[0]["conversation"]
    shown = run("data", "validate", folder=bot)
    assert re.search(r"^    or: utter_\w+ \(rule '.+'\)$", shown.out, re.MULTILINE)
    assert run("train", folder=bot).status == 1


def test_custom_actions_without_a_server_are_hinted_at(bot: Path) -> None:
    domain = bot / "domain.yml"
    domain.write_text(domain.read_text() + "\nactions:\n  - action_look\n")
    (bot / "data" / "more.yml").write_text(
        'version: "3.1"\nstories:\n- story: look\n  steps:\n  - intent: feel_good\n'
        "  - action: utter_glad\n  - action: action_look\n"
    )
    done = run("data", "validate", folder=bot)
    assert re.search(r"^data/more\.yml:7:\d+: hint T376: ", done.out, re.MULTILINE), done.out
    assert done.err.endswith(" 1 hint\n")
    (bot / "endpoints.yml").write_text("action_endpoint:\n  url: http://localhost:5055/webhook\n")
    assert "T376" not in run("data", "validate", folder=bot).out


def test_warnings_fail_when_they_shall(bot: Path) -> None:
    add_forgotten_intent(bot)
    assert run("data", "validate", "--fail-on-warnings", folder=bot).status == 1
    refused = run("train", "--fail-on-validation-warnings", folder=bot)
    assert refused.status == 1
    assert "Nothing was trained: mend " in refused.err
    assert len(models(bot)) == 1


def test_contradicting_stories_are_found(bot: Path) -> None:
    (bot / "data" / "more.yml").write_text(
        'version: "3.1"\nstories:\n- story: another good day\n  steps:\n  - intent: feel_good\n'
        "  - action: utter_quiet\n"
    )
    done = run("data", "validate", "stories", folder=bot)
    assert done.status == 0
    assert "contradict each other after the intent 'feel_good'" in done.out
    strict = run("data", "validate", "stories", "--fail-on-warnings", folder=bot)
    assert strict.status == 1


def test_a_folder_without_a_project_is_said_to_be_one(tmp_path: Path) -> None:
    for command in ("train", "data validate"):
        done = run(*command.split(), folder=tmp_path)
        assert done.status == 1
        assert done.err.startswith("T157: there is no configuration at 'config.yml'.")


def test_the_terminal_offers_buttons_by_number(bot: Path) -> None:
    done = run("shell", folder=bot, typed="hello\n2\nno\n/stop\nthanks\n")
    assert done.status == 0
    assert "  2  Could be better" in done.out
    assert "Then let us sit quietly for a while." in done.out
    assert "You are most welcome." not in done.out


def test_the_terminal_says_why_the_bot_acts_when_asked(bot: Path) -> None:
    done = run("shell", "--trace", folder=bot, typed="hello\n/ask_wifi\n")
    assert "  utter_greet (MemoizationPolicy 1.00): the story 'a good day', data/" in done.out
    assert "(RulePolicy 1.00): the rule 'tell about the wifi', data/rules.yml:" in done.out
    assert "  action_session_start: a session begins" in done.out
    assert "the story" not in run("shell", folder=bot, typed="hello\n").out


def test_a_conversation_in_the_terminal_can_be_taken_up_again(bot: Path) -> None:
    run("shell", "--conversation-id", "me", folder=bot, typed="hello\nI am sad\n")
    done = run("shell", "--conversation-id", "me", folder=bot, typed="no\n")
    assert "Then let us sit quietly for a while." in done.out


def test_what_is_understood_is_printed_line_by_line(bot: Path) -> None:
    done = run("shell", "nlu", folder=bot, typed="one mint tea please\nhello\n")
    tea, hello = map(json.loads, done.out.splitlines())
    assert (tea["intent"]["name"], tea["entities"][0]["value"]) == ("order_drink", "mint tea")
    assert hello["intent"]["name"] == "greet"


def test_the_terminal_of_a_model_without_dialogue_shows_what_it_understands(bot: Path) -> None:
    run("train", "nlu", "--out", "parts", folder=bot)
    done = run("shell", "parts", folder=bot, typed="hello\n")
    assert json.loads(done.out)["intent"]["name"] == "greet"


def test_options_of_a_server_are_said_to_mean_nothing_in_the_terminal(bot: Path) -> None:
    done = run("shell", "-p", "5006", "--enable-api", folder=bot)
    assert done.status == 0
    assert "--port has no effect" in done.err
    assert "--enable-api has no effect" in done.err


def test_a_new_project_is_written_and_trained(tmp_path: Path) -> None:
    done = run("init", "--no-prompt", folder=tmp_path)
    assert done.status == 0, done.err
    assert len(models(tmp_path)) == 1
    assert run("init", "--no-prompt", folder=tmp_path).status == 1


def test_a_new_project_asks_where_and_whether(tmp_path: Path) -> None:
    done = run("init", folder=tmp_path, typed="bots/first\nn\n")
    assert done.status == 0
    assert (tmp_path / "bots" / "first" / "domain.yml").is_file()
    assert not (tmp_path / "bots" / "first" / "models").exists()


def test_a_new_project_without_questions_needs_its_folder(tmp_path: Path) -> None:
    done = run("init", "--no-prompt", "--init-dir", "nowhere", folder=tmp_path)
    assert done.status == 1
    assert "T155: there is no folder 'nowhere'" in done.err
