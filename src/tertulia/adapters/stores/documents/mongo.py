"""MongoDB: two collections side by side, that of the originals and one of ours.

Source: spec endpoints.md section 6 (mongod: the documents of the originals).
"""

import os
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from pymongo import AsyncMongoClient, DeleteOne, ReplaceOne
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from tertulia.adapters.stores.documents.mongo_old import (
    Document,
    as_refusal,
    events_of,
    make_client,
    old_filter,
    where_is,
)
from tertulia.adapters.stores.documents.service import Change, Entry
from tertulia.adapters.stores.documents.store import DocumentStore
from tertulia.adapters.stores.documents.writer import ready
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.schema.stores import MongoStore

OURS = "_tertulia"
"""Ends the name of our collection, which begins as that of the originals."""

_ERRORS = (PyMongoError, OSError, TimeoutError)
_AT_ONCE = 20
_HEAD = "head"
Collection = AsyncCollection[Document]
_LOST_RACES = (112, 251, 11000)
"""Codes of a write conflict, of a transaction that was given up, and of a key that is there."""


class MongoService:
    """Items as documents `{_id: {part, name}, body}`; a head has its revision in `rev`."""

    def __init__(self, config: MongoStore) -> None:
        self._client: AsyncMongoClient[Document] = make_client(config)
        database = self._client.get_database(
            config.db, write_concern=WriteConcern("majority"), read_concern=ReadConcern("majority")
        )
        self._items = database.get_collection(config.collection + OURS)
        self._old = database.get_collection(config.collection)
        self.where = where_is(config)

    async def prepare(self) -> None:
        """Look whether the server can do what is needed.

        Raises:
            StoreUnavailable: no answer, or a server that knows no transactions (T940).
        """
        async with _guarded(self.where):
            hello = await self._client.admin.command("hello")
        if "setName" not in hello and hello.get("msg") != "isdbgrid":
            raise stored.refusal(
                "T940",
                f"{self.where} is a server of its own, which has no transactions",
                hint="Start it with `--replSet rs0`, and call `rs.initiate()` once; "
                "one server is enough.",
                retry=False,
            )

    async def head(self, part: str) -> tuple[str, bytes] | None:
        """Return the revision and the value of a head."""
        async with _guarded(self.where):
            found = await self._items.find_one({"_id": _id(part, _HEAD)})
        return None if found is None else (found["rev"], found["body"])

    async def get(self, part: str, name: str) -> bytes | None:
        """Return a value."""
        async with _guarded(self.where):
            found = await self._items.find_one({"_id": _id(part, name)})
        return None if found is None else found["body"]

    async def scan(
        self, part: str, *, after: str, last: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """Return up to `limit` items in order, by the index that every collection has."""
        between = {"$gt": _id(part, after), "$lte": _id(part, last)}
        async with _guarded(self.where):
            found = self._items.find({"_id": between}).sort("_id", 1).limit(limit)
            return [(each["_id"]["name"], each["body"]) async for each in found]

    async def commit(self, change: Change) -> bool:
        """Make a change in one transaction."""
        try:
            async with (
                self._client.start_session() as session,
                await session.start_transaction(),
            ):
                return await _change(self._items, change, session)
        except _ERRORS as error:
            if _is_lost_race(error):
                return False
            raise as_refusal(self.where, error) from error

    async def put(self, entries: Sequence[Entry]) -> None:
        """Write items, some at a time, so that no message is too large."""
        for start in range(0, len(entries), _AT_ONCE):
            async with _guarded(self.where):
                await _write(self._items, _puts(entries[start : start + _AT_ONCE]), None)

    async def remove(self, part: str, names: Sequence[str]) -> None:
        """Remove items."""
        async with _guarded(self.where):
            await _write(self._items, _removals([(part, name) for name in names]), None)

    async def find_old(self, sender_id: str) -> list[Event] | None:
        """Return the events of a conversation in the collection of the originals."""
        async with _guarded(self.where):
            document = await self._old.find_one(old_filter(sender_id))
        return None if document is None else events_of(document)

    async def drop_old(self, sender_id: str) -> None:
        """Remove a conversation from the collection of the originals."""
        async with _guarded(self.where):
            await self._old.delete_many(old_filter(sender_id))

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()


class MongoTrackerStore(DocumentStore):
    """Keeps conversations in a MongoDB replica set, or behind `mongos`."""

    @classmethod
    async def open(
        cls,
        config: MongoStore,
        *,
        env: Mapping[str, str] = os.environ,
        patience: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> "MongoTrackerStore":
        """Return the store. patience: seconds to wait for a server that does not answer yet.

        env, now: as every store's; this one needs neither.

        Raises:
            StoreUnavailable: the server does not answer, or refuses.
        """
        return cls(await ready(MongoService(config), patience))


async def _change(items: Collection, change: Change, session: AsyncClientSession) -> bool:
    key = {"_id": _id(change.part, _HEAD)}
    seen = {**key, "rev": change.seen}
    if change.head is None:
        done = (await items.delete_one(seen, session=session)).deleted_count
    elif change.seen is None:
        document = {**key, "rev": change.rev, "body": change.head}
        await items.insert_one(document, session=session)
        done = 1
    else:
        document = {"rev": change.rev, "body": change.head}
        replaced = await items.replace_one(seen, document, session=session)
        done = replaced.matched_count
    if done:
        await _write(items, [*_puts(change.puts), *_removals(change.drops)], session)
    return bool(done)


async def _write(
    items: Collection, requests: Sequence[Any], session: AsyncClientSession | None
) -> None:
    if requests:
        await items.bulk_write(requests, ordered=False, session=session)


@asynccontextmanager
async def _guarded(where: str) -> AsyncGenerator[None]:
    try:
        yield
    except _ERRORS as error:
        raise as_refusal(where, error) from error


def _is_lost_race(error: Exception) -> bool:
    """Tell whether a commit was refused because others were quicker, and nothing else."""
    if isinstance(error, BulkWriteError):
        return any(each["code"] in _LOST_RACES for each in error.details["writeErrors"])
    return isinstance(error, OperationFailure) and error.code in _LOST_RACES


def _id(part: str, name: str) -> dict[str, str]:
    # Documents compare field by field in this order, text by its bytes in UTF-8.
    return {"part": part, "name": name}


def _puts(entries: Sequence[Entry]) -> list[Any]:
    return [
        ReplaceOne({"_id": _id(part, name)}, {"body": value}, upsert=True)
        for part, name, value in entries
    ]


def _removals(keys: Sequence[tuple[str, str]]) -> list[Any]:
    return [DeleteOne({"_id": _id(part, name)}) for part, name in keys]
