"""What was acknowledged is there, whatever happens to the process or to its disk."""

import random
import resource
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.adapters.stores.sqlite.writer import Work
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import SlotSet
from tests.integration.durability_child import TASKS, checksum, event

CHILD = Path(__file__).with_name("durability_child.py")
KILLS = 20
SENDERS = [f"c{n}" for n in range(TASKS)]
Acknowledged = dict[str, dict[int, int]]


def run_and_kill(path: Path, chance: random.Random) -> str:
    """Let the child write, kill it in the middle, return what it had acknowledged."""
    child = subprocess.Popen([sys.executable, CHILD, path], stdout=subprocess.PIPE)
    assert child.stdout is not None
    with closing(child.stdout) as pipe:
        seen = [pipe.readline() for _ in range(chance.randint(1, 120))]
        time.sleep(chance.random() * 0.02)
        child.send_signal(signal.SIGKILL)
        seen.append(pipe.read())
    assert child.wait() == -signal.SIGKILL
    return b"".join(seen).decode()


async def check(path: Path, acknowledged: Acknowledged) -> None:
    store = await SqliteStore.open(path)
    for sender_id in SENDERS:
        loaded = await store.load(sender_id)
        assert loaded.version >= max(acknowledged[sender_id], default=0)
        numbers = range(1, loaded.version + 1)
        assert list(loaded.events) == [event(sender_id, number) for number in numbers]
        for version, told in acknowledged[sender_id].items():
            assert told == checksum(sender_id, version)
        tail = await store.load_tail(sender_id, fingerprint="rules", window=0)
        if tail.snapshot is not None:
            assert tail.snapshot.body == b"%d" % tail.snapshot.version
            assert list(tail.events) == list(loaded.events)[tail.snapshot.version :]
    await store.close()


@pytest.mark.slow
async def test_every_acknowledged_turn_survives_the_kill_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    chance = random.Random(20)  # noqa: S311 (only picks the moments)
    acknowledged: Acknowledged = {sender_id: {} for sender_id in SENDERS}
    for _ in range(KILLS):
        for line in run_and_kill(path, chance).splitlines(keepends=True):
            assert line.endswith("\n")
            sender_id, version, told = line.split()
            assert int(version) not in acknowledged[sender_id]
            acknowledged[sender_id][int(version)] = int(told)
        await check(path, acknowledged)
    assert sum(len(told) for told in acknowledged.values()) > KILLS
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def pages(limit: int) -> Work:
    """Return a piece of work that lets the file grow to so many pages."""

    def work(connection: sqlite3.Connection) -> int:
        return connection.execute(f"PRAGMA max_page_count = {limit}").fetchone()[0]

    return work


async def fill(store: SqliteStore, sender_id: str) -> tuple[int, StoreUnavailable]:
    """Append until there is no room; return the last good version and the refusal."""
    version = await store.version(sender_id)
    for _ in range(1000):
        said = SlotSet(timestamp=1.0, name="n", value=[version + 1, "x" * 3000])
        try:
            version = await store.append(sender_id, [said], expected=version)
        except StoreUnavailable as refused:
            return version, refused
    raise AssertionError("there was always room")


async def numbers(store: SqliteStore, sender_id: str) -> list[int]:
    loaded = await store.load(sender_id)
    return [said.value[0] for said in loaded.events if isinstance(said, SlotSet)]


async def test_a_full_disk_refuses_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    store = await SqliteStore.open(path)
    await store._writer.submit(pages(60))
    version, refused = await fill(store, "a")
    assert (refused.code, refused.retry) == ("T611", True)
    assert refused.hint
    assert version > 10
    assert await store.version("a") == version
    assert await numbers(store, "a") == list(range(1, version + 1))

    await store._writer.submit(pages(1_000_000))
    said = SlotSet(timestamp=1.0, name="n", value=[version + 1, "x" * 3000])
    assert await store.append("a", [said], expected=version) == version + 1
    await store.close()

    reopened = await SqliteStore.open(path)
    assert await numbers(reopened, "a") == list(range(1, version + 2))
    await reopened.close()


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Make the system refuse to let any file of this process grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_a_write_that_the_system_refuses_is_refused_and_loses_nothing(
    tmp_path: Path,
) -> None:
    path = tmp_path / "conversations.db"
    store = await SqliteStore.open(path)
    with largest_file(200_000):
        version, refused = await fill(store, "a")
        assert refused.retry
        assert refused.hint
        assert await store.version("a") == version
    assert await numbers(store, "a") == list(range(1, version + 1))
    said = SlotSet(timestamp=1.0, name="n", value=[version + 1])
    assert await store.append("a", [said], expected=version) == version + 1
    await store.close()

    reopened = await SqliteStore.open(path)
    assert await numbers(reopened, "a") == list(range(1, version + 2))
    await reopened.close()
