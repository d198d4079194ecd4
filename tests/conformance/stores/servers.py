"""The servers of this machine that stores are tested against.

Where CI=true a missing server is a failure; elsewhere its tests are skipped, with the reason.
"""

import asyncio
import hashlib
import os
import secrets
import socket
from pathlib import Path

import asyncmy
import asyncpg
import pytest
import redis.asyncio

from tertulia.schema.stores import SqlStore

POSTGRES = ("127.0.0.1", 5432)
MARIADB = ("127.0.0.1", 3306)
REDIS = ("127.0.0.1", 6379)
_RUN = secrets.token_hex(6)
OWN = f"tertulia_stores_{_RUN}"
"""What this run of the tests calls its databases, so that any other run has its own."""
PREFIX = f"tertuliatests-{_RUN}-"
"""What begins the names of this run's keys in Redis."""


def need(name: str, address: tuple[str, int]) -> None:
    """Go on if the server answers."""
    try:
        socket.create_connection(address, timeout=5).close()
    except OSError as error:
        reason = f"{name} does not answer at {address[0]}:{address[1]}: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def named(place: Path) -> str:
    """Return a name of its own for the store of this place."""
    return "s" + hashlib.sha256(str(place).encode()).hexdigest()[:20]


def postgres_config(schema: str | None = None, **more: object) -> SqlStore:
    """Return the configuration of a store in a schema of this run's database."""
    known = {
        "dialect": "postgresql",
        "url": POSTGRES[0],
        "username": "postgres",
        "db": OWN,
        "login_db": "postgres",
        "schema": schema,
        "pool_size": 4,
    }
    return SqlStore(**{**known, **more})


async def postgres(*statements: str, database: str = "postgres") -> list[object]:
    """Perform statements; return the rows of the last."""
    connection = await asyncpg.connect(host=POSTGRES[0], user="postgres", database=database)
    try:
        rows: list[object] = []
        for statement in statements:
            rows = [tuple(row) for row in await connection.fetch(statement)]
        return rows
    finally:
        await connection.close()


def make_postgres() -> None:
    """Make this run's database, once."""
    need("PostgreSQL", POSTGRES)
    if not asyncio.run(postgres(f"SELECT 1 FROM pg_database WHERE datname = '{OWN}'")):
        asyncio.run(postgres(f'CREATE DATABASE "{OWN}"'))


def drop_postgres() -> None:
    """Remove it."""
    asyncio.run(postgres(f'DROP DATABASE IF EXISTS "{OWN}" WITH (FORCE)'))


async def mariadb(*statements: str, database: str | None = None) -> list[object]:
    """Perform statements; return the rows of the last."""
    host, port = MARIADB
    connection = await asyncmy.connect(host=host, port=port, user="root", db=database)
    try:
        rows: list[object] = []
        async with connection.cursor() as cursor:
            for statement in statements:
                await cursor.execute(statement)
                rows = list(await cursor.fetchall())
        await connection.commit()
        return rows
    finally:
        await connection.ensure_closed()


async def drop_mariadb() -> None:
    """Remove every database of this run."""
    for (name,) in await mariadb(f"SHOW DATABASES LIKE '{OWN}%'"):
        await mariadb(f"DROP DATABASE {name}")


async def drop_redis() -> None:
    """Remove every key of the tests."""
    async with redis.asyncio.Redis(host=REDIS[0], port=REDIS[1], db=9) as client:
        async for key in client.scan_iter(f"{PREFIX}*", count=1000):
            await client.delete(key)
