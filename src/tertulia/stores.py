"""The table of tracker stores: which one a configuration names, and how it is opened."""

import uuid
from pathlib import Path
from typing import Any, Literal

from tertulia.adapters.stores.custom import open_custom
from tertulia.adapters.stores.memory import MemoryStore
from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.adapters.stores.sqlite.schema import APPLICATION_ID
from tertulia.base.errors import ConfigError
from tertulia.base.registry import Registry
from tertulia.core.events import SlotSet
from tertulia.core.ports import TrackerStore
from tertulia.core.stored import damaged
from tertulia.data.tracker_stores import KINDS, dialect_of
from tertulia.engine.transfer import Source, StoreSource
from tertulia.schema.stores import (
    CustomStore,
    DynamoStore,
    MongoStore,
    RedisStore,
    SqlStore,
    StoreConfig,
)

DATA_FOLDER = ".tertulia"
"""Folder inside a project (or the working directory) where conversations are kept."""

DATABASE = "conversations.db"

Wanted = Literal["sqlite", "memory"]

_SQL = "tertulia.adapters.stores.sql:SqlTrackerStore"
REGISTRY: Registry[Any] = Registry(
    "tracker store",
    {
        "postgresql": "tertulia.adapters.stores.postgres:PostgresStore",
        "mysql": _SQL,
        "mariadb": _SQL,
        "sqlite": _SQL,
        "redis": "tertulia.adapters.stores.redis:RedisTrackerStore",
        "mongod": "tertulia.adapters.stores.documents.mongo:MongoTrackerStore",
        "dynamo": "tertulia.adapters.stores.documents.dynamo:DynamoTrackerStore",
    },
    extras={
        "postgresql": "postgres",
        "mysql": "mysql",
        "mariadb": "mysql",
        "sqlite": "sql",
        "redis": "redis",
        "mongod": "mongo",
        "dynamo": "dynamo",
    },
    group="tracker_store",
)


async def open_store(
    wanted: Wanted | None, config: StoreConfig | None, folder: Path, *, patience: float = 60.0
) -> TrackerStore:
    """Return the opened store.

    wanted: of the command line, counts more than `config`. folder: the project's. patience:
    seconds to wait for a server that does not answer yet.

    Raises:
        MissingExtra: the store's driver is not installed.
        StoreUnavailable: the store cannot be opened.
    """
    if wanted == "memory":
        return MemoryStore()
    if wanted == "sqlite" or config is None:
        return await SqliteStore.open(_file(folder))
    if isinstance(config, CustomStore):
        return await open_custom(REGISTRY.find(config.path), config)
    store = REGISTRY.find(name_of(config), dotted=False)
    return await store.open(config, patience=patience)


def name_of(config: StoreConfig) -> str:
    """Return the name of a configuration's store in the table."""
    if isinstance(config, CustomStore):
        return config.path
    if isinstance(config, SqlStore):
        return dialect_of(config)
    return next(name for name, kind in KINDS.items() if isinstance(config, kind))


def place_of_store(
    wanted: Wanted | None, config: StoreConfig | None, folder: Path
) -> Path | str | None:
    """Return the folder, or in words the server, that keeps conversations; None in memory."""
    if wanted == "memory":
        return None
    if wanted == "sqlite" or config is None:
        return _file(folder).parent
    return f"{name_of(config)}, as endpoints.yml says"


async def try_store(store: TrackerStore) -> None:
    """Write one event of a conversation of its own, read it and delete it.

    Raises:
        StoreUnavailable: one of these failed, or something else was read than was written.
    """
    sender_id = f"tertulia-config-check-{uuid.uuid4().hex}"
    event = SlotSet(timestamp=1.0, name="check", value="ñ😀")
    await store.append(sender_id, [event], expected=0)
    loaded = await store.load(sender_id)
    gone = await store.erase(sender_id)
    if (list(loaded.events), gone) != ([event], 1) or await store.version(sender_id):
        raise damaged("what was read is not what was written")


def is_sqlite_file(path: Path) -> bool:
    """Tell whether this is a database file, and not an endpoints file."""
    return _header(path).startswith(b"SQLite format 3\x00")


def check_apart(
    source: Path, old: StoreConfig | None, config: StoreConfig | None, folder: Path
) -> None:
    """Refuse to bring conversations from a store into itself, or from none.

    Raises:
        ConfigError: T644.
    """
    hint = "Name the endpoints.yml of the bot that kept the conversations, or an SQLite file."
    if old is None and not is_sqlite_file(source):
        raise ConfigError(f"{source} names no tracker store", hint=hint, code="T644")
    same_file = config is None and _file(folder).resolve() == source.resolve()
    if same_file or (old is not None and old == config):
        raise ConfigError(f"{source} is the store of this project itself", hint=hint, code="T644")


async def open_sources(
    path: Path, config: StoreConfig | None, *, allow_pickle: bool
) -> list[Source]:
    """Return what conversations are brought from: a file, or the store of a configuration.

    Raises:
        StoreUnavailable: it cannot be opened.
    """
    if is_sqlite_file(path):
        if _header(path)[68:72] == APPLICATION_ID.to_bytes(4, "big"):
            return [StoreSource(await SqliteStore.open(path))]
        config = SqlStore(db=str(path))
    if isinstance(config, DynamoStore):
        return await _dynamo_sources(config)
    found: list[Source] = [StoreSource(await open_store(None, config, path.parent, patience=0))]
    if isinstance(config, RedisStore):
        from tertulia.adapters.stores.redis.originals import RedisOriginals

        found.append(RedisOriginals(config, allow_pickle=allow_pickle))
    if isinstance(config, MongoStore):
        from tertulia.adapters.stores.documents.mongo_old import MongoOriginals

        found.append(MongoOriginals(config))
    return found


async def _dynamo_sources(config: DynamoStore) -> list[Source]:
    """Return what is there: opening a store makes its table, which a source should not."""
    from tertulia.adapters.stores.documents.dynamo import DynamoTrackerStore, tables_there
    from tertulia.adapters.stores.documents.dynamo_old import DynamoOriginals

    found: list[Source] = []
    has_ours, has_old = await tables_there(config)
    if has_ours:
        found.append(StoreSource(await DynamoTrackerStore.open(config, patience=0)))
    if has_old or not has_ours:
        found.append(DynamoOriginals(config))
    return found


def _header(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(100)
    except OSError:
        return b""  # the reader of endpoints files says what is wrong


def _file(folder: Path) -> Path:
    return folder / DATA_FOLDER / DATABASE
