"""The page of commands names every command, option and refusal, and no other."""

import re

import click
import pytest

from tertulia.cli.main import ABSENT, COMMANDS, program
from tests.docs.pages import ROOT, section

PAGE = ROOT / "docs" / "reference" / "cli.md"
COMMON = "## Options of every command that does work"
_FLAG = re.compile(r"`(--?[a-z][a-z0-9-]*)`")


def _flags(text: str) -> set[str]:
    lines = (line.split("|")[1] if line.startswith("|") else line for line in text.splitlines())
    return {flag for line in lines for flag in _FLAG.findall(line)}


def _options(command: click.Command) -> set[str]:
    return {
        flag
        for param in command.params
        if isinstance(param, click.Option)
        for flag in (*param.opts, *param.secondary_opts)
    }


def _common() -> set[str]:
    table, _, rest = section(PAGE, COMMON).partition("\nWithout effect:")
    return _flags(table) | _flags(rest.split(".")[0])


def _listed(text: str) -> set[str]:
    """Return the flags of a command's table and of its two lists."""
    kept = [
        part
        for part in text.split("\n\n")
        if part.strip().startswith(("| Option", "Without effect:", "Refused:"))
    ]
    return _flags("\n".join(kept))


@pytest.mark.parametrize("name", COMMANDS)
def test_options_are_those_of_the_command(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    options = _options(command)
    if "--verbose" in options:
        options -= _common()
    assert _listed(section(PAGE, f"### tertulia {name}")) == options


def test_every_command_and_no_other_is_described() -> None:
    headings = re.findall(r"^### tertulia (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == list(COMMANDS)


def test_commands_that_do_not_exist_are_listed() -> None:
    table = section(PAGE, "## Commands of the originals that do not exist")
    assert set(re.findall(r"^\| `([a-z ]+)` \|", table, re.MULTILINE)) == set(ABSENT)
