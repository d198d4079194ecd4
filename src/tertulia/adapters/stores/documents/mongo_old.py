"""The server, and the documents of the originals: one for each conversation.

Source: spec endpoints.md section 6 (mongod).
"""

from collections.abc import AsyncIterator
from typing import Any, cast

from pymongo import AsyncMongoClient
from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError

from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.events.codec import decode_stored
from tertulia.core.stored import Moved
from tertulia.schema.stores import MongoStore

Document = dict[str, Any]
_LARGEST_NUMBER = 2**63


class MongoOriginals:
    """Every conversation of a collection of the originals; nothing is changed."""

    def __init__(self, config: MongoStore) -> None:
        self._client: AsyncMongoClient[Document] = make_client(config)
        self._old = self._client.get_database(config.db).get_collection(config.collection)
        self._where = where_is(config)

    async def conversations(self) -> AsyncIterator[Moved]:
        """Yield conversations, each document once, in no order.

        Raises:
            StoreUnavailable: the server does not answer, or refuses.
        """
        try:
            async for document in self._old.find({"sender_id": {"$exists": True}}):
                yield _moved(document)
        except (PyMongoError, OSError, TimeoutError) as error:
            raise as_refusal(self._where, error) from error

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()


def make_client(config: MongoStore) -> AsyncMongoClient[Document]:
    """Return a client, not yet connected.

    Raises:
        StoreUnavailable: the address is none (T642).
    """
    address = config.url if "://" in config.url else f"mongodb://{config.url}"
    user: dict[str, Any] = {}
    if config.username:
        user = {
            "username": config.username,
            "password": "" if config.password is None else config.password.reveal(),
            "authSource": config.auth_source,
        }
    limit = int(config.timeout * 1000)
    try:
        return AsyncMongoClient(
            address,
            serverSelectionTimeoutMS=limit,
            connectTimeoutMS=limit,
            socketTimeoutMS=limit,
            # A reading that is repeated is harmless; a commit is compared with its revision.
            retryReads=True,
            appname="tertulia",
            **user,
        )
    except (ConfigurationError, InvalidURI, ValueError) as error:
        hint = "Write it like mongodb://host:27017."
        raise stored.rejected("MongoDB", f"the `url` cannot be used: {error}", hint) from error


def where_is(config: MongoStore) -> str:
    """Return in words what a configuration leads to; addresses may hold passwords."""
    host = config.url.partition("://")[2] or config.url
    return f"MongoDB at {host.rpartition('@')[2].partition('/')[0]}, database '{config.db}'"


def as_refusal(where: str, error: Exception) -> StoreUnavailable:
    """Return what to raise for what the driver raises."""
    if isinstance(error, OperationFailure) and not (
        error.has_error_label("TransientTransactionError")
        or error.has_error_label("RetryableWriteError")
    ):
        hint = "Check `username`, `password`, `auth_source` and the rights of this user."
        return stored.rejected(where, error, hint)
    return stored.unreachable(where, error)


def old_filter(sender_id: str) -> Document:
    """Return what finds a conversation of the originals; early ones kept numbers as numbers."""
    ids: list[str | int] = [sender_id]
    if sender_id.isascii() and sender_id.isdigit() and int(sender_id) < _LARGEST_NUMBER:
        ids.append(int(sender_id))
    return {"sender_id": {"$in": ids}}


def events_of(document: Document) -> list[Event]:
    """Return the events of a document; only they are read back, as the originals do.

    Raises:
        StoreUnavailable: they are no list of objects (T640).
    """
    events = document.get("events", [])
    if not isinstance(events, list):
        raise stored.damaged("the `events` of a document are no list")
    return [_event(raw) for raw in cast(list[Any], events)]


def _event(raw: Any) -> Event:
    if not isinstance(raw, dict):
        raise stored.damaged("an event of a document is no object")
    return decode_stored(cast(Document, raw))


def _moved(document: Document) -> Moved:
    sender_id = str(document["sender_id"])
    try:
        return Moved(sender_id=sender_id, events=events_of(document))
    except StoreUnavailable as error:
        return Moved(sender_id=sender_id, events=(), problem=str(error))
