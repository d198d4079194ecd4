"""Group commit: who shares a transaction, who is told what, and when."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.adapters.stores.sqlite.connect import open_writer
from tertulia.adapters.stores.sqlite.writer import CommitThread, Work
from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.core.events import Event, SlotSet, UnknownEvent
from tertulia.core.ports import Snapshot

SAID = [SlotSet(timestamp=1.0, name="n", value=1)]


def insert(n: int) -> Work:
    def work(connection: sqlite3.Connection) -> int:
        connection.execute("INSERT INTO numbers VALUES (?)", (n,))
        return n

    return work


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "numbers.db"


@pytest.fixture
def connection(path: Path) -> sqlite3.Connection:
    connection = open_writer(path, busy_timeout=0.05)
    connection.execute("CREATE TABLE numbers (n INTEGER UNIQUE CHECK (n < 1000))")
    return connection


@pytest.fixture
def thread(connection: sqlite3.Connection, path: Path) -> Iterator[CommitThread]:
    thread = CommitThread(connection, path)
    yield thread
    thread.close()


def stored(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as other:
        return [row[0] for row in other.execute("SELECT n FROM numbers ORDER BY n")]


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


async def test_writes_of_one_round_share_one_transaction(
    connection: sqlite3.Connection, thread: CommitThread
) -> None:
    commits: list[str] = []
    connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)
    assert await asyncio.gather(*(thread.submit(insert(n)) for n in range(40))) == [*range(40)]
    assert commits == ["COMMIT"]


async def test_tasks_that_write_again_and_again_stay_together(
    connection: sqlite3.Connection, thread: CommitThread
) -> None:
    commits: list[str] = []
    connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    async def write(task: int) -> None:
        for n in range(5):
            await thread.submit(insert(task * 10 + n))

    await asyncio.gather(*(write(task) for task in range(20)))
    assert len(commits) == 5


async def test_an_acknowledged_write_is_seen_by_others(path: Path, thread: CommitThread) -> None:
    await thread.submit(insert(1))
    assert stored(path) == [1]


async def test_one_write_that_fails_does_not_take_the_others_along(
    path: Path, thread: CommitThread
) -> None:
    calls = [thread.submit(insert(n)) for n in (1, 5000, 2)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert outcomes[0] == 1
    assert isinstance(outcomes[1], StoreUnavailable)
    assert outcomes[2] == 2
    assert stored(path) == [1, 2]


async def test_a_cancelled_write_that_has_not_begun_is_left_out(
    path: Path, thread: CommitThread
) -> None:
    first, second = thread.submit(insert(1)), thread.submit(insert(2))
    first.cancel()
    assert await second == 2
    assert stored(path) == [2]


async def test_a_write_cancelled_while_it_runs_happens(path: Path, thread: CommitThread) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection: sqlite3.Connection) -> int:
        begun.set()
        go_on.wait(10)
        return insert(1)(connection)

    call = thread.submit(slow)
    await asyncio.to_thread(begun.wait, 10)
    call.cancel()
    go_on.set()
    assert await thread.submit(insert(2)) == 2
    assert stored(path) == [1, 2]


async def test_writes_gather_while_a_commit_runs(
    connection: sqlite3.Connection, thread: CommitThread
) -> None:
    begun, go_on = threading.Event(), threading.Event()
    commits: list[str] = []
    connection.set_trace_callback(lambda text: commits.append(text) if text == "COMMIT" else None)

    def slow(connection: sqlite3.Connection) -> int:
        begun.set()
        go_on.wait(10)
        return insert(0)(connection)

    calls = [thread.submit(slow)]
    await asyncio.to_thread(begun.wait, 10)
    for n in range(1, 10):
        calls.append(thread.submit(insert(n)))
        await asyncio.sleep(0)
    go_on.set()
    assert await asyncio.gather(*calls) == [*range(10)]
    assert len(commits) == 2


async def test_a_locked_file_refuses_the_writes_and_takes_later_ones(
    path: Path, thread: CommitThread
) -> None:
    with locked(path):
        calls = [thread.submit(insert(n)) for n in range(3)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
    codes = [out.code for out in outcomes if isinstance(out, StoreUnavailable) and out.retry]
    assert codes == ["T610"] * 3
    assert await thread.submit(insert(7)) == 7
    assert stored(path) == [7]


async def test_a_commit_that_fails_refuses_every_write_in_it(path: Path) -> None:
    connection = open_writer(path, busy_timeout=0.05)
    for statement in (
        "PRAGMA foreign_keys = ON",
        "CREATE TABLE ids (id INTEGER PRIMARY KEY)",
        "CREATE TABLE numbers (n INTEGER REFERENCES ids DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO ids VALUES (1)",
    ):
        connection.execute(statement)
    thread = CommitThread(connection, path)
    calls = [thread.submit(insert(n)) for n in (1, 2)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(out, StoreUnavailable) for out in outcomes)
    assert await thread.submit(insert(1)) == 1
    await asyncio.to_thread(thread.close)
    assert stored(path) == [1]


async def test_closing_performs_what_waits_and_refuses_what_comes(
    path: Path, thread: CommitThread
) -> None:
    calls = [thread.submit(insert(n)) for n in range(5)]
    thread.close()
    with pytest.raises(StoreUnavailable) as caught:
        thread.submit(insert(9))
    assert (caught.value.code, caught.value.retry) == ("T617", False)
    assert await asyncio.gather(*calls) == [*range(5)]
    assert stored(path) == [*range(5)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_nobody_waits_for_ever_when_the_thread_breaks(
    path: Path, thread: CommitThread
) -> None:
    def broken(connection: sqlite3.Connection) -> int:
        raise ZeroDivisionError

    calls = [thread.submit(insert(1)), thread.submit(broken)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert all(isinstance(out, StoreUnavailable) for out in outcomes)
    with pytest.raises(StoreUnavailable):
        thread.submit(insert(2))
    assert stored(path) == []


def test_an_event_loop_that_is_gone_does_not_hinder_later_ones(
    path: Path, thread: CommitThread
) -> None:
    abandoned: list[asyncio.Future[int]] = []

    async def leave() -> None:
        abandoned.append(thread.submit(insert(1)))
        await asyncio.sleep(0)

    async def stay() -> int:
        return await thread.submit(insert(2))

    asyncio.run(leave())
    assert asyncio.run(stay()) == 2
    assert 2 in stored(path)


async def test_the_event_loops_thread_never_calls_sqlite(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers: set[str] = set()

    class Watched(sqlite3.Connection):
        def execute(self, *args: object) -> sqlite3.Cursor:
            callers.add(threading.current_thread().name)
            return super().execute(*args)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: connect(*a, **k, factory=Watched))
    store = await SqliteStore.open(tmp_path / "conversations.db")
    await store.append(
        "a", SAID, expected=0, snapshot=Snapshot(version=1, fingerprint="", body=b"")
    )
    await store.replace("a", SAID * 300, expected=1)
    await store.load("a")
    await store.load_tail("a", fingerprint="", window=0)
    await store.version("a")
    await store.list_conversations(limit=1)
    await store.erase("a")
    await store.close()
    assert callers
    assert threading.current_thread().name not in callers


async def test_a_long_read_does_not_hold_up_a_write(store: SqliteStore, tmp_path: Path) -> None:
    await store.append("a", SAID, expected=0)
    with closing(sqlite3.connect(tmp_path / "conversations.db", isolation_level=None)) as other:
        other.execute("BEGIN")
        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)
        assert await store.append("a", SAID, expected=1) == 2
        assert other.execute("SELECT count(*) FROM events").fetchone() == (1,)


async def test_of_two_processes_the_later_writer_is_refused(
    store: SqliteStore, tmp_path: Path
) -> None:
    other = await SqliteStore.open(tmp_path / "conversations.db")
    await other.append("a", SAID, expected=0)
    with pytest.raises(StoreConflict):
        await store.append("a", SAID, expected=0)
    assert await store.append("a", SAID, expected=1) == 2
    await other.close()


@pytest.mark.parametrize("reading", [False, True], ids=["at once", "after a reader left"])
async def test_erased_text_is_nowhere_in_the_files(
    store: SqliteStore, tmp_path: Path, *, reading: bool
) -> None:
    secret = "my card number is 4711"
    said = [SlotSet(timestamp=1.0, name="n", value=f"{secret} {n}") for n in range(300)]
    taken = Snapshot(version=300, fingerprint="rules", body=secret.encode() * 500)
    await store.append("a", said, expected=0, snapshot=taken)

    def traces() -> list[str]:
        return [file.name for file in tmp_path.iterdir() if secret.encode() in file.read_bytes()]

    assert traces() == ["conversations.db-wal"]
    with closing(sqlite3.connect(tmp_path / "conversations.db", isolation_level=None)) as other:
        if reading:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM events").fetchone()
        assert await store.erase("a") == 300
        assert bool(traces()) is reading
    await store.append("b", SAID, expected=0)
    assert traces() == []


@pytest.mark.parametrize(
    "event",
    [
        SlotSet(name="n", value="\ud83d"),
        SlotSet(name="n", value=object()),
        SlotSet(name="n", value=[{(1, 2): 3}]),
        SlotSet(name="n", timestamp=10**400),
        UnknownEvent(name="\ud83d", raw={}),
    ],
    ids=["half a character", "no JSON", "no key of JSON", "no time", "half a name"],
)
async def test_an_event_that_would_not_come_back_is_refused(
    store: SqliteStore, event: Event
) -> None:
    for call in (
        store.append("a", [*SAID, event], expected=0),
        store.replace("a", [event, *SAID * 300], expected=0),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert (caught.value.code, caught.value.retry) == ("T615", False)
    assert await store.version("a") == 0


async def test_an_id_that_is_no_text_is_refused(store: SqliteStore) -> None:
    for call in (
        store.load("\ud83d"),
        store.version("\ud83d"),
        store.erase("\ud83d"),
        store.append("\ud83d", SAID, expected=0),
        store.list_conversations(after="\ud83d", limit=1),
    ):
        with pytest.raises(StoreUnavailable) as caught:
            await call
        assert caught.value.code == "T615"


async def test_times_of_making_and_changing_are_noted(tmp_path: Path) -> None:
    times = iter([100.0, 200.0])
    path = tmp_path / "conversations.db"
    store = await SqliteStore.open(path, now=lambda: next(times))
    await store.append("a", SAID, expected=0)
    await store.append("a", SAID, expected=1)
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        row = connection.execute("SELECT created, updated FROM conversations").fetchone()
    assert row == (100.0, 200.0)
