"""Questions in the terminal: answered with a line, yes or no, or a number of a list."""

from collections.abc import Sequence
from shutil import get_terminal_size

import click


class Ended(Exception):
    """The input has ended: Ctrl-D, or nobody is there any more."""


def ask(question: str, default: str = "") -> str:
    """Return a line that was typed, or the default.

    Raises:
        Ended: the input has ended.
        KeyboardInterrupt: the person wants the menu.
    """
    shown = f" (Enter: {default})" if default else ""
    prompt = f"{question}{shown} "
    if len(prompt) >= get_terminal_size().columns:
        # Some terminals would show only the end of so long a line.
        click.echo(prompt)
        prompt = "-> "
    try:
        typed = input(prompt).strip()
    except EOFError as error:
        click.echo()
        raise Ended from error
    return typed or default


def confirm(question: str) -> bool:
    """Return the answer to a question; Enter means yes."""
    while True:
        answer = ask(f"{question} [Y/n]").lower()
        if answer in ("", "y", "yes"):
            return True
        if answer in ("n", "no"):
            return False
        click.echo("Please answer y or n.")


def choose(question: str, choices: Sequence[str]) -> int:
    """Return the place of what was chosen, by its number or its name.

    A name ends where two spaces follow; what stands behind it is said of it.
    """
    for number, choice in enumerate(choices, 1):
        click.echo(f"  {number:>2}  {choice}")
    names = [choice.split("  ")[0] for choice in choices]
    while True:
        answer = ask(question, "1")
        if answer.isascii() and answer.isdecimal() and 1 <= int(answer) <= len(choices):
            return int(answer) - 1
        if names.count(answer) == 1:
            return names.index(answer)
        click.echo(f"Please type a number from 1 to {len(choices)}, or a name of the list.")
