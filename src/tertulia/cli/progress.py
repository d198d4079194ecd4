"""Shows how far a training run is, on standard error: a moving bar, or lines where nobody looks."""

import sys
from collections.abc import Generator
from contextlib import contextmanager

import click

from tertulia.training.progress import Listener, Step

_EVERY = 0.1
"""Share of the run after which another line is written."""


@contextmanager
def shown_progress() -> Generator[Listener]:
    """Give a listener that shows what it hears until the block ends."""
    if not sys.stderr.isatty():
        yield Lines().tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (
        TextColumn("{task.percentage:>3.0f} %"),
        BarColumn(),
        TextColumn("{task.description} {task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=1.0, left="")

        def tell(step: Step) -> None:
            bar.update(task, completed=step.fraction, description=step.stage, left=_left(step))

        yield tell


class Lines:
    """Writes a line when a stage begins and whenever another tenth is done."""

    def __init__(self) -> None:
        self._stage = ""
        self._said = 0.0

    def tell(self, step: Step) -> None:
        """Write, if there is something new."""
        if step.stage == self._stage and step.fraction < self._said + _EVERY:
            return
        self._stage, self._said = step.stage, step.fraction
        click.echo(f"{step.fraction:4.0%}  {step.stage} {_left(step)}".rstrip(), err=True)


def _left(step: Step) -> str:
    if not step.seconds_left or step.seconds_left < 1:
        return ""
    minutes, seconds = divmod(round(step.seconds_left), 60)
    return f"({minutes} min {seconds} s left)" if minutes else f"({seconds} s left)"
