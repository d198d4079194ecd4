"""A person at the terminal of a server: talks to the bot; the server ends when they leave.

Source: spec channels.md section 17.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator

import click

from tertulia.cli.talk import STOP, Talk
from tertulia.engine.service import Service

SENDER = "default"
"""Whose conversation the terminal is, as in the 0.x family."""

_log = logging.getLogger("tertulia.cli")


class Attended:
    """Reads the terminal in a thread of its own, so that the server goes on meanwhile.

    Where standard input is closed from the start (a service, a container, `nohup`) nobody is
    there, and the server serves on.
    """

    def __init__(self, service: Service) -> None:
        self._talk = Talk(service, SENDER, click.echo)
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begin to read."""
        threading.Thread(target=self._attend, name="terminal", daemon=True).start()

    def _attend(self) -> None:
        said_something = False
        for line in _typed():
            said_something = True
            if line.strip() == STOP:
                break
            asyncio.run_coroutine_threadsafe(self._talk.say(line), self._loop).result()
        if said_something or sys.stdin.isatty():
            signal.raise_signal(signal.SIGTERM)
        else:
            _log.info("standard input is closed; the server goes on without a terminal")


def _typed() -> Iterator[str]:
    """Yield lines until the input ends.

    Not read through `sys.stdin` where nobody types: its lock, held by a waiting thread, would
    keep the interpreter from ending.
    """
    if sys.stdin is None:
        return
    if sys.stdin.isatty():
        while True:
            try:
                yield input("> ")
            except EOFError:
                click.echo()
                return
    pending = b""
    while piece := os.read(sys.stdin.fileno(), 65536):
        *whole, pending = (pending + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)
    if pending:
        yield pending.decode("utf-8", "replace")
