"""The terminal as one end of a conversation: reads lines, shows answers, ends at /stop.

Rule: a turn runs while nobody types, so the loop of events and the prompt never wait together.
"""

import asyncio
import json
import logging
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TextIO

import click

from tertulia.app import AppSettings, build_service
from tertulia.cli.place import project_folder
from tertulia.cli.talk import STOP, Talk
from tertulia.engine.assistant import Assistant
from tertulia.model.load import Model
from tertulia.stores import Wanted

_PROMPT = "> "
_log = logging.getLogger("tertulia.cli")


def converse(
    model: Model,
    path: Path,
    *,
    endpoints: Path | None,
    store: Wanted | None,
    conversation_id: str | None,
    trace: bool = False,
) -> int:
    """Talk until the person stops; return the exit status. trace: say why the bot acts."""
    sender_id = conversation_id or uuid.uuid4().hex
    with suppress(ImportError):  # not on every system
        import_module("readline")  # gives the prompt arrow keys and a history
    settings = AppSettings(
        model=model, folder=project_folder(path), store=store, endpoints=endpoints
    )
    with asyncio.Runner() as runner:
        service = runner.run(build_service(settings))
        try:
            runner.get_loop().call_soon(service.outbox.start)
            talk = Talk(service, sender_id, click.echo, _say_dimly if trace else None)
            click.echo(f"Conversation {sender_id}. {STOP} or Ctrl-D ends.", err=True)
            for line in lines(sys.stdin):
                runner.run(talk.say(line))
        finally:
            runner.run(service.close())
    return 0


def _say_dimly(line: str) -> None:
    click.secho(line, dim=True)


def show_understanding(model: Model, source: TextIO) -> int:
    """Print what the model understands of each line; return the exit status."""
    assistant = Assistant(model)
    indent = 2 if sys.stdout.isatty() else None
    for line in lines(source):
        understanding, notes = assistant.understand(line.strip())
        for note in notes:
            _log.warning("%s", note)
        click.echo(json.dumps(understanding.as_dict(), ensure_ascii=False, indent=indent))
    return 0


def lines(source: TextIO) -> Iterator[str]:
    """Yield what is typed, until /stop or the end; blank lines are passed over."""
    while True:
        try:
            line = input(_PROMPT) if source.isatty() else source.readline()
        except EOFError:
            click.echo()
            return
        if not line and not source.isatty():
            return
        if line.strip() == STOP:
            return
        if line.strip():
            yield line
