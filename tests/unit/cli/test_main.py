"""The sub-commands: names, help, exit statuses, and what their help loads."""

import subprocess
import sys
from pathlib import Path

import pytest

import tertulia
from tertulia.base.errors import ConfigError
from tertulia.base.source import SourceSpan
from tertulia.cli.border import guarded
from tertulia.cli.main import ABSENT, COMMANDS, run_program

HEAVY = {"litestar", "uvicorn", "numpy", "httpx2", "yaml", "rich", "jwt", "sqlite3"}


def test_no_command_shows_the_overview_and_ends_with_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_program([]) == 1
    out = capsys.readouterr().out
    assert all(name in out for name in COMMANDS)


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["--version"]) == 0
    assert f"tertulia {tertulia.__version__}" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_has_help(name: str, flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program([*name.split(), flag]) == 0
    assert f"Usage: tertulia {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_loads_no_heavy_library(name: str) -> None:
    code = (
        "import sys; from tertulia.cli.main import run_program; "
        f"run_program({[*name.split(), '--help']!r}); "
        "print(*{m.partition('.')[0] for m in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert HEAVY & set(done.stderr.split()) == set()


@pytest.mark.parametrize(
    "line",
    ["trian", "data", "data validat", "train --no-such-option", "run -p 70000", "run -p x"],
)
def test_wrong_usage_ends_with_two(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(line.split()) == 2
    assert "Error:" in capsys.readouterr().err


def test_a_misspelt_command_names_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    run_program(["trian"])
    assert "Did you mean 'train'?" in capsys.readouterr().err


@pytest.mark.parametrize("name", ABSENT)
def test_commands_that_only_the_original_has_say_what_to_do(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program([*name.split(), "--flag"]) == 2
    assert ABSENT[name].split()[0] in capsys.readouterr().err


@pytest.mark.parametrize("line", ["telemetry", "telemetry enable", "telemetry disable"])
def test_telemetry_is_accepted_and_does_nothing(line: str) -> None:
    assert run_program(line.split()) == 0


def test_the_components_are_listed_with_their_origin(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_program(["components"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["policy", "RulePolicy", "built", "in"] in lines
    assert ["NLU", "component", "ner_crf", "CRFEntityExtractor", "built", "in"] in lines


def test_a_mistake_of_a_person_is_printed_with_place_code_and_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def work() -> int:
        raise ConfigError("too much", hint="Take less.", at=SourceSpan("config.yml", 3, 1))

    assert guarded(work) == 1
    captured = capsys.readouterr()
    assert captured.err == "config.yml:3:1: T101: too much. Take less.\n"
    assert captured.out == ""


def test_a_fault_of_ours_leaves_its_traceback_in_the_log(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    def work() -> int:
        raise KeyError("gone")

    assert guarded(work) == 1
    assert "T000: the program failed: KeyError" in capsys.readouterr().err
    assert "Traceback" in caplog.text


def test_an_interrupt_ends_with_130() -> None:
    def work() -> int:
        raise KeyboardInterrupt

    assert guarded(work) == 130


def test_a_project_cannot_replace_an_installed_package(tmp_path: Path) -> None:
    (tmp_path / "msgspec.py").write_text("raise SystemExit('replaced')\n")
    (tmp_path / "mine.py").write_text("class Own: ...\n")
    command = Path(sys.executable).with_name("tertulia")
    done = subprocess.run(
        [command, "data", "validate"],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 1
    assert "T157: there is no configuration" in done.stderr


def test_the_package_is_run_like_the_command_and_hidden_by_no_file(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise SystemExit('the file of the project')")
    done = subprocess.run(
        [sys.executable, "-m", "tertulia", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"tertulia {tertulia.__version__}" in done.stdout
