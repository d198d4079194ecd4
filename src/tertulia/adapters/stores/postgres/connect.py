"""Opens a pool of connections; makes the database and its tables where they are missing."""

import logging
from functools import partial
from typing import Any

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from tertulia.adapters.shared.patience import patiently
from tertulia.adapters.shared.postgres_client import DRIVER_ERRORS
from tertulia.adapters.stores.postgres import faults
from tertulia.adapters.stores.postgres.place import Place
from tertulia.adapters.stores.postgres.schema import migrate
from tertulia.base.errors import StoreUnavailable

_WATCHED = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "12000",
}
"""Settings of a session: a network that is gone is noticed within 12 seconds."""

_driver: Any = asyncpg
_log = logging.getLogger("tertulia.store")


def prefix_of(place: Place) -> str:
    """Return what stands before the name of a table: nothing, or the quoted schema and a dot."""
    if place.schema is None:
        return ""
    return '"' + place.schema.replace('"', '""') + '".'


async def open_pool(place: Place, patience: float) -> Any:
    """Return a pool of connections to a database with all tables.

    patience: seconds to wait for a server that does not answer yet.

    Raises:
        StoreUnavailable: it did not answer in time, or refuses.
    """
    return await patiently(partial(_open, place), patience, _log)


async def connect_alone(place: Place) -> Any:
    """Return a connection that lasts, and that the server ends soon when its other end is gone.

    Raises:
        StoreUnavailable: the server does not answer, or refuses.
    """
    arguments = place.arguments()
    arguments["server_settings"] = {**place.settings, **_WATCHED}
    try:
        return await _driver.connect(**arguments)
    except DRIVER_ERRORS as error:
        raise faults.driver_failed(error, place) from error


async def _open(place: Place) -> Any:
    try:
        pool = await _connected(place)
    except DRIVER_ERRORS as error:
        raise faults.driver_failed(error, place) from error
    try:
        async with pool.acquire() as connection:
            await migrate(connection, place, prefix_of(place))
    except DRIVER_ERRORS as error:
        await pool.close()
        raise faults.driver_failed(error, place) from error
    except StoreUnavailable:
        await pool.close()
        raise
    return pool


async def _connected(place: Place) -> Any:
    try:
        return await _make_pool(place)
    except asyncpg.InvalidCatalogNameError:
        if place.login_database is None:
            raise
    await _make_database(place, place.login_database)
    return await _make_pool(place)


async def _make_pool(place: Place) -> Any:
    return await _driver.create_pool(min_size=1, max_size=place.pool_size, **place.arguments())


async def _make_database(place: Place, login_database: str) -> None:
    arguments = {**place.arguments(), "database": login_database}
    connection = await _driver.connect(**arguments)
    name = place.database.replace('"', '""')
    try:
        await connection.execute(f'CREATE DATABASE "{name}"')
    except asyncpg.DuplicateDatabaseError:
        _log.info("another server has just made the database %s", place.database)
    finally:
        await connection.close()
