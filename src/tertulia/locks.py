"""The table of lock stores: what orders the turns of a conversation between servers."""

import logging
import os
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from tertulia.adapters.shared.patience import patiently
from tertulia.base.errors import ConfigError, LockUnavailable, MissingExtra
from tertulia.core.locks import ConversationLocks
from tertulia.data.tracker_stores import dialect_of
from tertulia.schema.locks import LockConfig, MemoryLocks, PostgresLocks, RedisLocks
from tertulia.schema.stores import SqlStore, StoreConfig

if TYPE_CHECKING:
    from tertulia.adapters.locks import postgres
    from tertulia.adapters.locks import redis as redis_locks

_log = logging.getLogger("tertulia.locks")

LIFETIME = 10.0
"""Seconds until a lock in Redis is free when its holder has died, which renewed it before."""

LIFETIME_VARIABLE = "TICKET_LOCK_LIFETIME"
"""The originals' name for that, where a turn must have ended by then."""


async def open_locks(
    config: LockConfig | None,
    store: StoreConfig | None,
    *,
    env: Mapping[str, str] = os.environ,
    patience: float = 0.0,
) -> ConversationLocks | None:
    """Return what orders turns between servers; None where each server orders its own.

    config: None takes the tracker store's own locks, if it is PostgreSQL. store: the tracker store.
    patience: seconds to wait for a server that does not answer yet.

    Raises:
        ConfigError: nothing says where the locks are, or the lifetime is no number.
        MissingExtra: the driver is not installed.
        LockUnavailable: the server does not answer, refuses, or cannot keep locks.
    """
    if isinstance(config, MemoryLocks):
        return None
    if isinstance(config, RedisLocks):
        return await _opened(_redis(config, _lifetime(env)), patience)
    kept = store if isinstance(store, SqlStore) and dialect_of(store) == "postgresql" else None
    if config is None and kept is None:
        return None
    database = (config or PostgresLocks()).database(kept)
    if database is None:
        raise ConfigError(
            "nothing says in which PostgreSQL database the locks are",
            hint="Give `lock_store` a `url` and a `db`, or keep conversations in PostgreSQL.",
            code="T924",
        )
    return await _opened(_postgres(database, env), patience)


def place_of_locks(config: LockConfig | None) -> str:
    """Return in words where locks are, of a configuration that has them."""
    return "Redis" if isinstance(config, RedisLocks) else "PostgreSQL"


L = TypeVar("L", "postgres.PostgresLocks", "redis_locks.RedisLocks")


async def _opened(locks: L, patience: float) -> L:
    try:
        await patiently(locks.open, patience, _log)
    except LockUnavailable:
        await locks.close()
        raise
    return locks


def _redis(config: RedisLocks, lifetime: float) -> "redis_locks.RedisLocks":
    try:
        from tertulia.adapters.locks.redis import RedisLocks as Locks
    except ModuleNotFoundError as error:
        raise _missing(error, "redis") from error
    return Locks(config, process=uuid.uuid4().hex, lifetime=lifetime)


def _postgres(database: SqlStore, env: Mapping[str, str]) -> "postgres.PostgresLocks":
    try:
        from tertulia.adapters.locks.postgres import PostgresLocks as Locks
        from tertulia.adapters.stores.postgres.connect import connect_alone
        from tertulia.adapters.stores.postgres.place import place_of
    except ModuleNotFoundError as error:
        raise _missing(error, "postgres") from error
    place = place_of(database, env)
    return Locks(lambda: connect_alone(place), scope=place.schema or "")


def _missing(error: ModuleNotFoundError, extra: str) -> MissingExtra:
    return MissingExtra(
        f"the lock store needs the package '{error.name}'",
        hint=f'Install it: pip install "tertulia[{extra}]".',
    )


def _lifetime(env: Mapping[str, str]) -> float:
    written = env.get(LIFETIME_VARIABLE) or str(LIFETIME)
    try:
        lifetime = float(written)
    except ValueError:
        lifetime = 0.0
    if not 0 < lifetime < 86_400:
        raise ConfigError(
            f"{LIFETIME_VARIABLE} must be a number of seconds above 0, got '{written}'",
            hint="Mend it, or leave it out.",
            code="T925",
        )
    return lifetime
