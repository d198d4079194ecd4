"""Validate and train every foreign project in a folder, each in a copy, and print a table.

A project that needs an optional package (error T503) is a result, not a failure: it says so and
goes on. Everything else that a command refuses makes the exit status 1.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MISSING_EXTRA = "T503"
ERROR_CODE = re.compile(r"\bT\d{3}\b")


@dataclass(frozen=True)
class Step:
    """What one command said about a project. outcome: "ok", "extra" or "fails"."""

    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    project: str
    validate: Step
    train: Step

    @property
    def failed(self) -> bool:
        """Whether a command refused the project for another reason than a missing extra."""
        return "fails" in (self.validate.outcome, self.train.outcome)

    @property
    def reason(self) -> str:
        """The first reason there is."""
        return self.validate.reason or self.train.reason


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
    return Step("extra" if MISSING_EXTRA in done.stdout else "fails", reason)


def first_reason(output: str) -> str:
    """Return what stopped a command: every missing extra, else the first error, else its last line.

    Warnings carry a code too, but do not stop anything.
    """
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    extras = [line for line in lines if MISSING_EXTRA in line]
    if extras:
        return " | ".join(extras)
    coded = [line for line in lines if ERROR_CODE.search(line) and ": warning " not in line]
    return (coded or lines[-1:] or [""])[0]


def try_project(project: Path, command: Sequence[str], *, seconds: float) -> Row:
    """Run both commands in a copy of the project; the original is left as it was."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / project.name
        shutil.copytree(project, copy, ignore=shutil.ignore_patterns(".git", "models"))
        return Row(
            project.name,
            run_step([*command, "data", "validate"], copy, seconds=seconds),
            run_step([*command, "train"], copy, seconds=seconds),
        )


def table(rows: Sequence[Row]) -> str:
    """Return the rows as aligned text with a heading."""
    width = max([len("project"), *(len(row.project) for row in rows)])
    lines = [f"{'project':<{width}}  validate  train  reason"]
    lines += [
        f"{row.project:<{width}}  {row.validate.outcome:<8}  {row.train.outcome:<5}  {row.reason}"
        for row in rows
    ]
    return "\n".join(line.rstrip() for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 1 when a project fails, 2 when there is no project at all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="its sub folders are the projects")
    parser.add_argument("--seconds", type=float, default=600, help="limit for one command")
    parser.add_argument("--command", nargs="+", help="the program to run (default: tertulia)")
    options = parser.parse_args(arguments)
    command: list[str] = options.command or [str(Path(sys.executable).with_name("tertulia"))]

    projects = find_projects(options.folder)
    if not projects:
        print(f"{options.folder}: no sub folder holds a config.yml", file=sys.stderr)
        return 2
    rows = [try_project(project, command, seconds=options.seconds) for project in projects]
    print(table(rows))
    failed = sum(row.failed for row in rows)
    print(f"{len(rows) - failed} of {len(rows)} projects pass or lack only an extra")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
