"""The options of `run actions` that are refused before anything is served."""

from pathlib import Path

import pytest

from tertulia.cli.main import run_program


@pytest.mark.parametrize("command", ["run actions", "run"])
@pytest.mark.parametrize("name", ["a/b", "actions.py/", "", "a..b", "1st", "-"])
def test_a_path_is_no_package(command: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program([*command.split(), "--actions", name]) == 2
    assert "no Python package" in capsys.readouterr().err


def test_reloading_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["run", "actions", "--auto-reload"]) == 1
    assert "T153: --auto-reload" in capsys.readouterr().err


def test_a_certificate_without_its_key_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["run", "actions", "--ssl-certificate", str(tmp_path / "c.pem")]) == 1
    assert "T103" in capsys.readouterr().err


def test_a_folder_without_actions_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert run_program(["run", "actions", "--actions", "no_actions_here"]) == 1
    assert "T505: there is no package of actions 'no_actions_here'" in capsys.readouterr().err
