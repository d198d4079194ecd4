"""Validate and train every foreign project in a folder, each in a copy, and print a table.

A project that needs an optional package (T503) or a language model (T512, T520) that is not on this
machine is a result, not a failure: it says so and goes on. Everything else that a command refuses
makes the exit status 1, and so does, with --stories, a test story that fails. Test stories are
tested with the dialogue part alone, which needs no optional package.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MISSING = re.compile(r"\bT(?:503|512|520)\b")
STORIES = "tests"
ERROR_CODE = re.compile(r"\bT\d{3}\b")


@dataclass(frozen=True)
class Step:
    """What one command said about a project. outcome: "ok", "extra" or "fails".

    shown: what the table has in place of the outcome.
    """

    outcome: str
    reason: str = ""
    shown: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    project: str
    validate: Step
    train: Step
    stories: Step | None = None

    @property
    def steps(self) -> list[Step]:
        """What was done, in order."""
        return [step for step in (self.validate, self.train, self.stories) if step]

    @property
    def failed(self) -> bool:
        """Whether a command refused the project for another reason than a missing extra."""
        return any(step.outcome == "fails" for step in self.steps)

    @property
    def reason(self) -> str:
        """The first reason there is."""
        return next((step.reason for step in self.steps if step.reason), "")


def find_projects(folder: Path) -> list[Path]:
    """Return the sub folders that hold a config.yml, sorted by name."""
    return sorted(path.parent for path in folder.glob("*/config.yml"))


def run_step(command: Sequence[str], folder: Path, *, seconds: float) -> Step:
    """Run one command in `folder` and judge it by its exit status and what it printed."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Step("fails", f"did not end within {seconds:g} s")
    if done.returncode == 0:
        return Step("ok")
    reason = first_reason(done.stdout) or f"exit status {done.returncode}, and no word"
    return Step("extra" if MISSING.search(done.stdout) else "fails", reason)


def first_reason(output: str) -> str:
    """Return what stopped a command: every missing extra, else the first error, else its last line.

    Warnings carry a code too, but do not stop anything.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    extras = [line for line in lines if MISSING.search(line)]
    if extras:
        return " | ".join(extras)
    coded = [line for line in lines if ERROR_CODE.search(line) and ": warning " not in line]
    return (coded or lines[-1:] or [""])[0]


def run_stories(command: Sequence[str], folder: Path, *, seconds: float) -> Step | None:
    """Train the dialogue part and test it on the test stories; None when there are none."""
    if not (folder / STORIES).is_dir():
        return None
    trained = run_step([*command, "train", "core", "--out", "core"], folder, seconds=seconds)
    if trained.outcome != "ok":
        return trained
    test = [*command, "test", "core", "-m", "core", "-s", STORIES, "--out", "results"]
    tested = run_step(test, folder, seconds=seconds)
    if tested.outcome != "ok":
        return tested
    report = json.loads((folder / "results" / "story_report.json").read_text(encoding="utf-8"))
    found = report["conversation_accuracy"]
    count = f"{found['correct']}/{found['total']}"
    if found["correct"] == found["total"]:
        return Step("ok", shown=count)
    return Step("fails", "a test story fails", count)


def try_project(
    project: Path, command: Sequence[str], *, seconds: float, stories: bool = False
) -> Row:
    """Run the commands in a copy of the project; the original is left as it was."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / project.name
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".git", "models"))
        return Row(
            project.name,
            run_step([*command, "data", "validate"], copy, seconds=seconds),
            run_step([*command, "train"], copy, seconds=seconds),
            run_stories(command, copy, seconds=seconds) if stories else None,
        )


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text with a heading."""
    width = max([len("project"), *(len(row.project) for row in rows)])
    lines = [f"{'project':<{width}}  validate  train  stories  reason"]
    lines += [
        f"{row.project:<{width}}  {row.validate.outcome:<8}  {row.train.outcome:<5}  "
        f"{_stories(row.stories):<7}  {row.reason}"
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def _stories(step: Step | None) -> str:
    return "-" if step is None else step.shown or step.outcome


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 when a project fails, 2 when there is no project at all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="its sub folders are the projects")
    parser.add_argument("--seconds", type=float, default=600, help="limit for one command")
    parser.add_argument("--stories", action="store_true", help="test their test stories as well")
    parser.add_argument("--command", nargs="+", help="the program to run (default: tertulia)")
    options = parser.parse_args(arguments)
    command: list[str] = options.command or [str(Path(sys.executable).with_name("tertulia"))]

    projects = find_projects(options.folder)
    if not projects:
        print(f"{options.folder}: no sub folder holds a config.yml", file=sys.stderr)
        return 2
    rows = [
        try_project(project, command, seconds=options.seconds, stories=options.stories)
        for project in projects
    ]
    print(table(rows))
    failed = sum(row.failed for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} projects pass or lack only an extra")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
