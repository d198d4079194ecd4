"""Files that older versions wrote: opened, brought to the newest schema, nothing lost."""

import sqlite3
from contextlib import closing
from pathlib import Path

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.ports import Receipt
from tertulia.testing.store_case import numbered, numbers
from tertulia.testing.store_feed import follow, told

FILES = Path(__file__).parent / "files"


def written_by(schema: str, folder: Path) -> Path:
    """Return a file as that schema had it: four conversations, two of them replaced."""
    path = folder / "conversations.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((FILES / f"{schema}.sql").read_text())
    return path


async def test_a_file_without_a_feed_keeps_all_it_had(tmp_path: Path) -> None:
    store = await SqliteStore.open(written_by("schema_2", tmp_path))
    logs = {known: await store.load(known) for known in await store.list_conversations(limit=9)}
    assert {known: (log.version, numbers(log.events)) for known, log in logs.items()} == {
        "a": (2, [4, 5]),
        "b": (4, [1, 2, 3, 12]),
        "c": (5, [9, 10]),
        "d": (2, []),
    }
    tail = await store.load_tail("b", fingerprint="rules", window=0)
    assert tail.snapshot is not None
    assert [each.name for each in await store.list_reminders(limit=9)] == ["r"]
    await store.close()


async def test_what_was_stored_before_there_was_a_feed_is_in_it(tmp_path: Path) -> None:
    store = await SqliteStore.open(written_by("schema_2", tmp_path))
    assert told(await follow(store)) == [
        ("event", "a", 1, 4),
        ("event", "a", 2, 5),
        ("event", "c", 4, 9),
        ("event", "c", 5, 10),
        ("event", "b", 1, 1),
        ("event", "b", 2, 2),
        ("event", "b", 3, 3),
        ("event", "b", 4, 12),
    ]
    assert await store.feed_end() == 8
    await store.close()


async def test_an_old_file_is_written_to_like_a_new_one(tmp_path: Path) -> None:
    path = written_by("schema_2", tmp_path)
    store = await SqliteStore.open(path)
    taken = Receipt(key="k", digest="d", version=3, done=True)
    assert await store.append("a", numbered(13, 13), expected=2, receipt=taken) == 3
    await store.close()
    again = await SqliteStore.open(path)
    assert await again.find_receipt("a", "k") == taken
    assert told(await follow(again, after=8)) == [("event", "a", 3, 13)]
    await again.close()
