"""The command lines of the 0.x modules, as argparse read them."""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rasa_core import run as core_run
from rasa_core import train as core_train
from rasa_nlu import train as nlu_train

TRAIN = "-d domain.yml -s stories.md -o models/dialogue"
NLU = "-c nlu_config.yml -d nlu.md"


Parse = Callable[[Sequence[str]], argparse.Namespace]


def status_of(parse: Parse, line: str) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        parse(line.split())
    return caught.value.code


def test_the_train_command_of_the_manuals_is_read() -> None:
    options = core_train.parse(f"{TRAIN} -c policies.yml --augmentation 0".split())
    assert options.domain == Path("domain.yml")
    assert options.stories == Path("stories.md")
    assert options.out == Path("models/dialogue")
    assert options.config == Path("policies.yml")
    assert options.augmentation == 0


def test_the_mode_default_may_be_written() -> None:
    assert core_train.parse(f"default {TRAIN}".split()) == core_train.parse(TRAIN.split())


def test_augmentation_is_fifty_unless_said() -> None:
    assert core_train.parse(TRAIN.split()).augmentation == 50


def test_a_mode_that_has_another_command_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert status_of(core_train.parse, f"interactive {TRAIN}") == 2
    assert "tertulia interactive" in capsys.readouterr().err


def test_the_comparison_of_the_manuals_is_read() -> None:
    options = core_train.parse(f"compare {TRAIN} -c a.yml b.yml --runs 2".split())
    assert options.config == [Path("a.yml"), Path("b.yml")]
    assert (options.mode, options.runs) == ("compare", 2)
    assert options.percentages == [0, 5, 25, 50, 70, 90, 95]


@pytest.mark.parametrize("missing", ["-d", "-s", "-o"])
def test_what_is_required_is_asked_for(missing: str) -> None:
    words = TRAIN.split()
    at = words.index(missing)
    assert status_of(core_train.parse, " ".join(words[:at] + words[at + 2 :])) == 2


@pytest.mark.parametrize("flag", ["--url http://x", "--debug_plots"])
def test_flags_that_do_nothing_here_are_refused(
    flag: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(core_train.parse, f"{TRAIN} {flag}") == 2
    assert "is not available in this version" in capsys.readouterr().err


def test_long_flags_may_be_abbreviated() -> None:
    assert core_train.parse(f"{TRAIN} --augm 3".split()).augmentation == 3
    assert core_run.parse(["--core", "m", "--enable"]).enable_api


def test_an_ambiguous_abbreviation_is_wrong_usage() -> None:
    assert status_of(core_run.parse, "-d m --jwt x") == 2


def test_the_spelling_with_two_dashes_in_old_documents_is_taken() -> None:
    assert core_run.parse(["--d", "models/dialogue"]).core == Path("models/dialogue")
    options = core_train.parse(["--d", "domain.yml", "-s", "stories.md", "-o", "out"])
    assert options.domain == Path("domain.yml")
    assert options.level == "INFO"


def test_the_run_command_of_the_manuals_is_read() -> None:
    line = "--enable_api -d models/dialogue -u models/nlu/current -o out.log"
    options = core_run.parse(line.split())
    assert options.enable_api
    assert (options.core, options.nlu) == (Path("models/dialogue"), Path("models/nlu/current"))
    assert options.log_file == Path("out.log")
    assert (options.port, options.jwt_method, options.cors) == (5005, "HS256", [])
    assert options.auth_token is options.jwt_secret is options.connector is None


def test_the_dialogue_model_is_required() -> None:
    assert status_of(core_run.parse, "--enable_api") == 2


def test_cors_takes_several_origins() -> None:
    assert core_run.parse(["-d", "m", "--cors", "a", "b", "-p", "80"]).cors == ["a", "b"]


@pytest.mark.parametrize(
    ("flags", "level"),
    [("", "INFO"), ("-v", "INFO"), ("-vv", "DEBUG"), ("--debug", "DEBUG"), ("--quiet", "WARNING")],
)
def test_logging_flags_are_those_of_old(flags: str, level: str) -> None:
    assert core_train.parse(f"{TRAIN} {flags}".split()).level == level


def test_the_nlu_command_of_the_manuals_is_read() -> None:
    line = f"{NLU} -o models --project nlu --fixed_model_name current --verbose"
    options = nlu_train.parse(line.split())
    assert (options.path, options.project) == (Path("models"), "nlu")
    assert options.fixed_model_name == "current"
    assert options.data == Path("nlu.md")


def test_the_nlu_project_is_default_unless_said() -> None:
    assert nlu_train.parse(NLU.split()).project == "default"


@pytest.mark.parametrize(
    "line",
    ["-c config.yml", "-d nlu.md", f"{NLU} --storage aws", "-c config.yml -u http://x"],
)
def test_an_nlu_command_that_cannot_work_is_wrong_usage(line: str) -> None:
    assert status_of(nlu_train.parse, line) == 2
