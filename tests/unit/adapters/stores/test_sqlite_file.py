"""The file: how it is made, and what is said of files that cannot be used."""

import asyncio
import os
import shutil
import sqlite3
import stat
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.adapters.stores.sqlite.schema import APPLICATION_ID, MIGRATIONS
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import SlotSet

SAID = [SlotSet(timestamp=1.0, name="n", value="a word nobody else uses")]
NOBODY = 65534


def execute(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


async def refusal(path: Path) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as caught:
        await SqliteStore.open(path, busy_timeout=0.05)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


async def made(path: Path) -> Path:
    store = await SqliteStore.open(path)
    await store.append("a", SAID, expected=0)
    await store.close()
    return path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def read_only_folder() -> Iterator[Path]:
    """A folder that every user can reach, unlike pytest's own, and none but root write."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def make_read_only(path: Path, folder: Path) -> None:
    folder.chmod(0o755)
    Path(shutil.copy(path, folder)).chmod(0o444)
    folder.chmod(0o555)


@pytest.fixture
def ordinary_user() -> Iterator[None]:
    """Root may write everywhere; for the length of a test it is somebody who may not."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    yield
    os.seteuid(0)


async def test_the_file_and_its_folder_are_for_their_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "conversations.db"
    store = await SqliteStore.open(path)
    await store.append("a", SAID, expected=0)
    assert mode(path.parent) == 0o700
    assert {name.name: mode(name) for name in path.parent.iterdir()} == {
        "conversations.db": 0o600,
        "conversations.db-wal": 0o600,
        "conversations.db-shm": 0o600,
    }
    await store.close()


async def test_a_closed_store_is_one_file(tmp_path: Path) -> None:
    path = await made(tmp_path / "conversations.db")
    assert os.listdir(tmp_path) == [path.name]


async def test_the_file_says_whose_it_is_and_which_schema_it_has(tmp_path: Path) -> None:
    path = await made(tmp_path / "conversations.db")
    with closing(sqlite3.connect(path)) as connection:
        owner = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
    assert (owner, version) == (APPLICATION_ID, len(MIGRATIONS))


async def test_several_may_make_the_same_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    stores = await asyncio.gather(*(SqliteStore.open(path) for _ in range(6)))
    for n, store in enumerate(stores):
        assert await store.append("a", SAID, expected=n) == n + 1
    await asyncio.gather(*(store.close() for store in stores))


async def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    path.touch()
    await made(path)


async def test_a_file_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = await made(tmp_path / "conversations.db")
    execute(path, f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    before = path.read_bytes()
    found = await refusal(path)
    assert (found.code, found.retry) == ("T613", False)
    assert path.read_bytes() == before


async def test_a_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "rasa.db"
    execute(path, "CREATE TABLE events (id INTEGER PRIMARY KEY, data TEXT)")
    before = path.read_bytes()
    found = await refusal(path)
    assert (found.code, found.retry) == ("T616", False)
    assert path.read_bytes() == before


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    path.write_text("slots:\n" * 1000)
    found = await refusal(path)
    assert (found.code, found.retry) == ("T612", False)
    assert path.read_text() == "slots:\n" * 1000


async def test_a_damaged_page_is_named_when_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "conversations.db"
    store = await SqliteStore.open(path)
    await store.append("a", SAID * 2000, expected=0)
    await store.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: 4096 * 5] + b"\xff" * (len(whole) - 4096 * 5))
    store = await SqliteStore.open(path)
    with pytest.raises(StoreUnavailable) as caught:
        await store.load("a")
    assert caught.value.code == "T612"
    await store.close()


@pytest.mark.parametrize("body", ["x'6e6f'", "x'5b5d'"], ids=["no JSON", "no object"])
async def test_a_damaged_event_is_named_when_it_is_read(tmp_path: Path, body: str) -> None:
    path = await made(tmp_path / "conversations.db")
    execute(path, f"UPDATE events SET body = {body}")
    store = await SqliteStore.open(path)
    with pytest.raises(StoreUnavailable) as caught:
        await store.load("a")
    assert caught.value.code == "T612"
    await store.close()


async def test_a_folder_where_the_file_should_be_is_refused(tmp_path: Path) -> None:
    assert (await refusal(tmp_path)).code == "T614"


async def test_a_file_where_the_folder_should_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert (await refusal(tmp_path / "file" / "conversations.db")).code == "T614"


@pytest.mark.usefixtures("ordinary_user")
async def test_a_folder_that_may_not_be_written_is_refused(read_only_folder: Path) -> None:
    assert (await refusal(read_only_folder / "conversations.db")).code == "T614"


async def test_a_file_that_may_not_be_written_is_refused(
    tmp_path: Path, read_only_folder: Path, request: pytest.FixtureRequest
) -> None:
    path = await made(tmp_path / "conversations.db")
    make_read_only(path, read_only_folder)
    request.getfixturevalue("ordinary_user")
    path = read_only_folder / path.name
    found = await refusal(path)
    assert (found.code, found.retry) == ("T614", False)


async def test_a_file_that_another_program_holds_is_refused_for_now(tmp_path: Path) -> None:
    path = await made(tmp_path / "conversations.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        found = await refusal(path)
        assert (found.code, found.retry) == ("T610", True)
    await made_again(path)


async def made_again(path: Path) -> None:
    store = await SqliteStore.open(path)
    assert await store.version("a") == 1
    await store.close()
