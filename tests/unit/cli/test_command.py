"""Several values after one option, the trailing model, log levels."""

import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tertulia.cli.command import Command, logging_options, refused, spread, without_effect
from tertulia.cli.main import run_program
from tertulia.cli.options import model_option


@pytest.fixture(autouse=True)
def restored_level() -> Iterator[None]:
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


@click.command(cls=Command)
@model_option
@click.option("--cors", multiple=True)
@click.option("--port", type=int)
def example(model: Path | None, cors: tuple[str, ...], port: int | None) -> None:
    click.echo(f"{model} {list(cors)} {port}")


def said(*args: str) -> str:
    result = CliRunner().invoke(example, list(args))
    return result.output.strip() if result.exit_code == 0 else f"status {result.exit_code}"


def test_an_option_takes_several_values_at_once() -> None:
    assert said("--cors", "a", "b", "--port", "1") == "None ['a', 'b'] 1"


def test_an_option_may_still_be_repeated() -> None:
    assert said("--cors", "a", "--cors", "b") == "None ['a', 'b'] None"


def test_a_last_word_that_exists_is_the_model(tmp_path: Path) -> None:
    assert said("--cors", "a", str(tmp_path)) == f"{tmp_path} ['a'] None"


def test_a_last_word_that_does_not_exist_is_one_more_value() -> None:
    assert said("--cors", "a", "no-such-path") == "None ['a', 'no-such-path'] None"


def test_a_lone_word_is_the_model_wherever_it_points() -> None:
    assert said("no-such-path") == "no-such-path [] None"


def test_the_model_option_means_the_same_as_the_word() -> None:
    assert said("--model", "x") == said("-m", "x") == "x [] None"


def test_a_model_given_twice_is_wrong_usage() -> None:
    assert said("--model", "x", "y") == "status 2"


def test_a_single_dash_is_a_value() -> None:
    assert spread(["--cors", "-", "b"], {"--cors"}, keep_last=False) == [
        "--cors",
        "-",
        "--cors",
        "b",
    ]


@click.command(cls=Command)
@logging_options("ERROR")
def loud() -> None:
    click.echo(logging.getLevelName(logging.getLogger().level))


@pytest.mark.parametrize(
    ("args", "level"),
    [
        ([], "ERROR"),
        (["-v"], "INFO"),
        (["-vv"], "DEBUG"),
        (["--debug"], "DEBUG"),
        (["--quiet"], "WARNING"),
    ],
)
def test_flags_set_the_log_level(
    args: list[str], level: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LOG_LEVEL", raising=False)
    assert CliRunner().invoke(loud, args).output.strip() == level


def test_the_environment_sets_the_log_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "critical")
    assert CliRunner().invoke(loud, []).output.strip() == "CRITICAL"


@click.command(cls=Command)
@without_effect("--num-threads", takes_value=True, why="one thread is used")
@refused("--remote-storage", "Copy the model here.")
def strict() -> None:
    click.echo("went on")


def test_an_option_without_effect_is_reported_once() -> None:
    result = CliRunner().invoke(strict, ["--num-threads", "4"])
    assert result.stderr == "--num-threads has no effect: one thread is used.\n"
    assert result.stdout == "went on\n"


def test_an_option_that_is_not_given_is_not_reported() -> None:
    assert CliRunner().invoke(strict, []).output == "went on\n"


def test_an_option_that_would_mislead_is_refused() -> None:
    result = CliRunner().invoke(strict, ["--remote-storage", "aws"])
    assert "T153" in str(result.exception)
    assert "went on" not in result.output


@pytest.mark.parametrize(
    "line",
    [
        "train --finetune",
        "train --finetune models/x.tar.gz",
        "train --epoch-fraction 0.5",
        "train --debug-plots",
        "run --remote-storage aws",
        "run --jwt-private-key key.pem",
    ],
)
def test_refused_options_end_with_status_one_and_a_code(
    line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(line.split()) == 1
    assert "T153: --" in capsys.readouterr().err
