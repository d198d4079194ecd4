"""Appends turns for ever and says so, until it is killed: `durability_child.py FILE`.

Each line is one acknowledged write: conversation, version, checksum of its last event.
"""

import asyncio
import os
import sys
import zlib
from itertools import count
from pathlib import Path

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.events import Event, SlotSet
from tertulia.core.ports import Snapshot

TASKS = 8


def text(sender_id: str, number: int) -> str:
    """Return what event `number` says: of very different lengths, some longer than a page."""
    seed = zlib.crc32(f"{sender_id} {number}".encode())
    return f"{seed:08x}" * (1 + seed % (900 if seed % 13 == 0 else 40))


def event(sender_id: str, number: int) -> Event:
    return SlotSet(timestamp=float(number), name=sender_id, value=[number, text(sender_id, number)])


def checksum(sender_id: str, number: int) -> int:
    return zlib.crc32(text(sender_id, number).encode())


async def talk(store: SqliteStore, sender_id: str) -> None:
    version = await store.version(sender_id)
    for turn in count():
        events = [event(sender_id, version + n) for n in range(1, 2 + turn % 4)]
        snapshot = None
        if turn % 5 == 4:
            snapshot = Snapshot(version=version, fingerprint="rules", body=b"%d" % version)
        version = await store.append(sender_id, events, expected=version, snapshot=snapshot)
        line = f"{sender_id} {version} {checksum(sender_id, version)}\n"
        os.write(sys.stdout.fileno(), line.encode())


async def main(path: Path) -> None:
    store = await SqliteStore.open(path)
    await asyncio.gather(*(talk(store, f"c{n}") for n in range(TASKS)))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
