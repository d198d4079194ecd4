"""The table of foreign projects tells a missing extra from a failure."""

import sys
from pathlib import Path

import pytest
from tools import projects

FAKE = """
import pathlib, sys
here = pathlib.Path.cwd()
pathlib.Path("models").mkdir(exist_ok=True)
if here.name == "fine" or sys.argv[1] == "data" and here.name != "broken":
    sys.exit(0)
if here.name == "extra":
    print("loading")
    print("config.yml:3: T503: the component 'x' needs the package 'spacy'")
if here.name == "broken":
    print("domain.yml:1: T201: no such slot", file=sys.stderr)
    print("bye")
sys.exit(1)
"""


@pytest.fixture
def command(tmp_path: Path) -> list[str]:
    script = tmp_path / "fake.py"
    script.write_text(FAKE)
    return ["--command", sys.executable, str(script)]


def folder_of(tmp_path: Path, *names: str) -> Path:
    folder = tmp_path / "projects"
    for name in names:
        (folder / name).mkdir(parents=True)
        (folder / name / "config.yml").write_text("language: en\n")
    return folder


def test_a_missing_extra_is_shown_and_does_not_fail_the_run(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path, "fine", "extra")
    assert projects.main([str(folder), *command]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in printed[:3]] == [
        ["project", "validate", "train"],
        ["extra", "ok", "extra"],
        ["fine", "ok", "ok"],
    ]
    assert "needs the package 'spacy'" in printed[1]


TESTED = """
import json, pathlib, sys
if sys.argv[1:3] == ["test", "core"]:
    passed = 2 if pathlib.Path.cwd().name == "fine" else 1
    report = {"conversation_accuracy": {"correct": passed, "total": 2}}
    pathlib.Path("results").mkdir()
    pathlib.Path("results", "story_report.json").write_text(json.dumps(report))
"""


def test_a_test_story_that_fails_fails_the_run_when_stories_are_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = folder_of(tmp_path, "fine", "half", "without")
    for name in ("fine", "half"):
        (folder / name / "tests").mkdir()
    script = tmp_path / "tested.py"
    script.write_text(TESTED)
    command = ["--command", sys.executable, str(script)]
    assert projects.main([str(folder), *command]) == 0
    assert projects.main([str(folder), "--stories", *command]) == 1
    printed = capsys.readouterr().out.splitlines()[-4:]
    assert [line.split()[3:] for line in printed[:3]] == [
        ["2/2"],
        ["1/2", "a", "test", "story", "fails"],
        ["-"],
    ]


def test_another_error_fails_the_run_with_its_first_coded_line(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert projects.main([str(folder_of(tmp_path, "broken")), *command]) == 1
    assert (
        "broken   fails     fails  -        domain.yml:1: T201: no such slot"
        in capsys.readouterr().out
    )


def test_a_silent_failure_is_reported_by_its_status(
    tmp_path: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert projects.main([str(folder_of(tmp_path, "other")), *command]) == 1
    assert "exit status 1, and no word" in capsys.readouterr().out


def test_the_project_itself_is_left_as_it_was(tmp_path: Path, command: list[str]) -> None:
    folder = folder_of(tmp_path, "fine")
    projects.main([str(folder), *command])
    assert [path.name for path in (folder / "fine").iterdir()] == ["config.yml"]


def test_a_folder_without_projects_is_a_wrong_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert projects.main([str(tmp_path)]) == 2
    assert "no sub folder holds a config.yml" in capsys.readouterr().err


def test_a_command_that_hangs_is_ended(tmp_path: Path) -> None:
    waiting = [sys.executable, "-c", "input_never_comes = __import__('time').sleep(60)"]
    step = projects.run_step(waiting, tmp_path, seconds=0.2)
    assert step == projects.Step("fails", "did not end within 0.2 s")
