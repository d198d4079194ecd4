"""One server on an SQLite file that may not grow: what it answered, it has.

The limit is that of the process (RLIMIT_FSIZE), which the kernel enforces like a full disk: a
write fails.
"""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

from audit import Found, compare
from replicas import Replica
from talkers import Talkers

_FULL_FOR = 0.6
_BETWEEN = 0.5


async def fill(folder: Path, times: int) -> tuple[Found, Talkers]:
    """Fill the disk so many times under load; return what is wrong afterwards."""
    replica = Replica("file", folder, "")
    replica.start()
    await replica.ready()
    talkers = Talkers((replica,), count=4, reminds=False)
    talking = asyncio.create_task(talkers.talk())
    database = folder / ".tertulia" / "conversations.db"
    await talkers.begun.wait()
    for number in range(times):
        size = max(path.stat().st_size for path in database.parent.glob("conversations.db*"))
        # Somewhere within the next few pages that any file of the store would grow by.
        replica.limit_files(size if number % 2 else 4096)
        await asyncio.sleep(_FULL_FOR)
        replica.limit_files(-1)
        replica.restart_if_ended()
        await asyncio.sleep(_BETWEEN)
    talkers.stop()
    async with asyncio.timeout(120):
        await talking
    await replica.stop()
    found = compare(talkers.said, _logs(database))
    found.lost += [] if talkers.repeats else ["nothing was ever refused: was the disk full?"]
    return found, talkers


def _logs(database: Path) -> dict[str, list[dict[str, object]]]:
    logs: dict[str, list[dict[str, object]]] = {}
    with closing(sqlite3.connect(database)) as connection:
        for sender_id, body in connection.execute(_EVENTS):
            logs.setdefault(sender_id, []).append(json.loads(body))
    return logs


_EVENTS = "SELECT sender_id, body FROM events ORDER BY sender_id, seq"
