"""The table of tracker stores: which one a configuration names, and how it is opened."""

from pathlib import Path
from typing import Any, Literal

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.base.registry import Registry
from tertulia.core.ports import TrackerStore
from tertulia.data.tracker_stores import dialect_of
from tertulia.schema.stores import StoreConfig

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
    },
    extras={"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sql"},
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
    store = REGISTRY.find(name_of(config), dotted=False)
    return await store.open(config, patience=patience)


def name_of(config: StoreConfig) -> str:
    """Return the name of a configuration's store in the table."""
    return dialect_of(config)


def place_of_store(
    wanted: Wanted | None, config: StoreConfig | None, folder: Path
) -> Path | str | None:
    """Return the folder, or in words the server, that keeps conversations; None in memory."""
    if wanted == "memory":
        return None
    if wanted == "sqlite" or config is None:
        return _file(folder).parent
    return f"{name_of(config)}, as endpoints.yml says"


def _file(folder: Path) -> Path:
    return folder / DATA_FOLDER / DATABASE
