"""Appends messages to a file, one JSON object a line, as the original's file broker does."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from tertulia.adapters.brokers.lanes import unavailable
from tertulia.core.brokers import Message
from tertulia.schema.brokers import FileBroker

_BLOCK = 65536


class FileEventBroker:
    """Writes to one file; a message is delivered once it is synchronised to the disk.

    The file is opened for each page of messages, so it may be moved away at any time.
    """

    def __init__(self, config: FileBroker) -> None:
        self._path = Path(config.path)

    async def publish(self, messages: Sequence[Message]) -> None:
        """Append the messages, all together."""
        await asyncio.to_thread(self._append, b"".join(m.body + b"\n" for m in messages))

    async def check(self) -> str:
        """Open the file, which is made if it is missing."""
        await asyncio.to_thread(self._append, b"")
        return f"{self._path} can be written"

    async def close(self) -> None:
        """Nothing is open between two calls."""

    def _append(self, lines: bytes) -> None:
        try:
            with closing(_open(self._path)) as file:
                _cut_torn_line(file)
                file.write(lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise unavailable(f"the file {self._path}", error) from error


def _open(path: Path) -> BinaryIO:
    # Not in append mode: what a process that was killed left half written is taken back.
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def _cut_torn_line(file: BinaryIO) -> None:
    """Go to the end, and remove what follows the last line break there."""
    end = file.seek(0, os.SEEK_END)
    place = end
    while place > 0:
        start = max(0, place - _BLOCK)
        file.seek(start)
        found = file.read(place - start).rfind(b"\n")
        if found >= 0:
            place = start + found + 1
            break
        place = start
    if place < end:
        file.truncate(place)
    file.seek(place)
