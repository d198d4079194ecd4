"""Lines of the log: for people, for programs, and as a file of a person's own says."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tertulia.base.current import CURRENT, Turn
from tertulia.base.errors import ConfigError, ProblemsFound
from tertulia.cli.command import Command, logging_options
from tertulia.cli.log_lines import JsonLines, TextLines
from tertulia.cli.logs import log_as_configured, log_to_stderr


@click.command(cls=Command)
@logging_options()
def command() -> None:
    pass


def record(message: str, *args: object, **more: object) -> logging.LogRecord:
    made = logging.LogRecord("tertulia.x", logging.WARNING, "file", 1, message, args, None)
    made.__dict__.update(more)
    return made


@pytest.fixture
def in_a_turn() -> Iterator[None]:
    turn = Turn("me\nforged")
    turn.step = "decide"
    token = CURRENT.set(turn)
    yield
    CURRENT.reset(token)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    names = (None, "asyncio", "httpx2", "httpcore2", "uvicorn", "stamina", "tertulia.quiet")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.level, list(logger.handlers)) for logger in loggers]
    yield
    for logger, level, handlers in before:
        logger.setLevel(level)
        logger.handlers = handlers


def test_a_json_line_names_level_logger_and_time_in_utc() -> None:
    line = json.loads(JsonLines().format(record("hello %s", "you", created=0.25, msecs=250.0)))
    assert line == {
        "time": "1970-01-01T00:00:00.250Z",
        "level": "WARNING",
        "logger": "tertulia.x",
        "message": "hello you",
    }


def test_a_json_line_has_the_code_that_its_message_begins_with() -> None:
    line = json.loads(JsonLines().format(record("T711 odd")))
    assert line["code"] == "T711"


@pytest.mark.usefixtures("in_a_turn")
def test_a_json_line_names_the_conversation_and_the_step() -> None:
    line = json.loads(JsonLines().format(record("odd")))
    assert (line["conversation"], line["step"]) == ("me\nforged", "decide")


def test_a_json_line_takes_the_fields_of_the_record() -> None:
    line = json.loads(JsonLines().format(record("odd", fields={"status": 200})))
    assert line["status"] == 200


def test_half_a_character_still_makes_a_line() -> None:
    text = JsonLines().format(record("odd \udc80"))
    assert text.isascii()


def test_a_traceback_is_a_field() -> None:
    error = ValueError("inner")
    info = (ValueError, error, None)
    line = json.loads(JsonLines().format(record("failed", exc_info=info)))
    assert "ValueError: inner" in line["exception"]


@pytest.mark.usefixtures("in_a_turn")
def test_nobody_can_write_lines_into_the_log_for_people() -> None:
    line = TextLines().format(record("odd\nforged"))
    assert "\n" not in line
    assert line.endswith(r"odd\nforged conversation=me\nforged step=decide")


@pytest.mark.parametrize("variable", ["LOG_LEVEL", "LOG_LEVEL_LIBRARIES"])
def test_a_level_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    monkeypatch.setenv(variable, "loud")
    error = CliRunner().invoke(command, []).exception
    assert isinstance(error, ConfigError)
    assert str(error).startswith("T159: there is no log level 'loud'")


def test_the_level_of_libraries_has_its_own_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL_LIBRARIES", "error")
    log_to_stderr("DEBUG")
    assert logging.getLogger("httpx2").level == logging.ERROR


def test_the_option_counts_more_than_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    assert CliRunner().invoke(command, ["--log-level", "Error"]).exit_code == 0
    assert logging.getLogger().level == logging.ERROR


def test_a_file_may_say_what_is_logged(tmp_path: Path) -> None:
    path = tmp_path / "log.yml"
    path.write_text("version: 1\nloggers:\n  tertulia.quiet:\n    level: CRITICAL\n")
    assert CliRunner().invoke(command, ["--logging-config-file", str(path)]).exit_code == 0
    assert logging.getLogger("tertulia.quiet").level == logging.CRITICAL


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("- a list\n", "it is no mapping"),
        ("loggers: {}\n", "version"),
        ("version: 1\nhandlers:\n  h:\n    class: no.such.Handler\n", "no.such"),
        ("version: 1\nroot:\n  level: LOUD\n", "LOUD"),
    ],
)
def test_a_file_that_says_nothing_usable_is_refused(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "log.yml"
    path.write_text(content)
    with pytest.raises(ConfigError) as caught:
        log_as_configured(path)
    assert caught.value.code == "T871"
    assert said in caught.value.message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="there is no such file"):
        log_as_configured(tmp_path / "log.yml")
