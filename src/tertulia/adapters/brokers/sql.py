"""The table `events` of the original's SQL broker, in a file or on a server.

Source: spec endpoints.md section 7 (sql).
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import DataError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from tertulia.adapters.brokers.lanes import refused, unavailable
from tertulia.base.errors import BrokerUnavailable, ConfigError, MissingExtra
from tertulia.core.brokers import Message
from tertulia.schema.brokers import SqlBroker

T = TypeVar("T")
_DRIVERS = {
    "postgresql": ("postgresql+asyncpg", "postgres"),
    "mysql": ("mysql+asyncmy", "mysql"),
    "mariadb": ("mariadb+asyncmy", "mysql"),
    "sqlite": ("sqlite", "sql"),
}
"""Dialect to the driver that is used for it, and the extra that brings it."""

_TABLES = sa.MetaData()
_EVENTS = sa.Table(
    "events",
    _TABLES,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column(
        "sender_id",
        sa.String(255).with_variant(mysql.VARCHAR(255, charset="utf8mb4"), "mysql", "mariadb"),
    ),
    # The 64 KB of `TEXT` there would refuse long events.
    sa.Column(
        "data", sa.Text().with_variant(mysql.LONGTEXT(charset="utf8mb4"), "mysql", "mariadb")
    ),
)


class SqlEventBroker:
    """Inserts a page of messages in one transaction."""

    def __init__(self, config: SqlBroker) -> None:
        url, extra = address_of(config)
        self._timeout = config.timeout
        self._where = f"the database {url.render_as_string(hide_password=True)}"
        self._engine: sa.Engine | AsyncEngine
        try:
            if url.get_backend_name() == "sqlite":
                self._engine = sa.create_engine(url)
            else:
                self._engine = create_async_engine(url, pool_pre_ping=True, pool_size=1)
        except ModuleNotFoundError as error:
            raise MissingExtra(
                f"the event broker '{url.get_backend_name()}' needs the package '{error.name}'",
                hint=f'Install it: pip install "tertulia[{extra}]".',
            ) from error
        self._has_table = False

    async def publish(self, messages: Sequence[Message]) -> None:
        """Insert the messages, all or none."""
        try:
            await self._insert(messages)
        except BrokerUnavailable as error:
            if not isinstance(error.__cause__, DataError):
                raise
            # One of them does not fit into its column, and the others shall not wait for it.
            for message in messages:
                await self._insert_alone(message)

    async def _insert(self, messages: Sequence[Message]) -> None:
        rows = [{"sender_id": m.sender_id, "data": m.body.decode()} for m in messages]
        await self._run(lambda connection: connection.execute(_EVENTS.insert(), rows))

    async def _insert_alone(self, message: Message) -> None:
        try:
            await self._insert([message])
        except BrokerUnavailable as error:
            if isinstance(error.__cause__, DataError):
                raise refused(self._where, message, _first_line(error.__cause__)) from error
            raise

    async def check(self) -> str:
        """Look for the table, which is made if it is missing."""
        query = sa.select(sa.func.count()).select_from(_EVENTS)
        count = await self._run(lambda connection: connection.scalar(query))
        return f"{self._where} answers; the table events has {count} rows"

    async def close(self) -> None:
        """Let go of the connections."""
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            await asyncio.to_thread(self._engine.dispose)

    async def _run(self, work: Callable[[sa.Connection], T]) -> T:
        def with_table(connection: sa.Connection) -> T:
            if not self._has_table:
                _TABLES.create_all(connection)
            return work(connection)

        try:
            done = await self._transaction(with_table)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            self._has_table = False
            raise unavailable(self._where, _first_line(error)) from error
        self._has_table = True
        return done

    async def _transaction(self, work: Callable[[sa.Connection], T]) -> T:
        engine = self._engine
        if isinstance(engine, sa.Engine):
            return await asyncio.to_thread(_in_thread, engine, work)
        async with asyncio.timeout(self._timeout), engine.begin() as connection:
            return await connection.run_sync(work)


def _in_thread(engine: sa.Engine, work: Callable[[sa.Connection], T]) -> T:
    with engine.begin() as connection:
        return work(connection)


def _first_line(error: BaseException) -> str:
    """Return what the driver said, without the statement and its values."""
    original: Any = getattr(error, "orig", None) or error
    return f"{type(original).__name__}: {original}".partition("\n")[0]


def address_of(config: SqlBroker) -> tuple[sa.URL, str]:
    """Return where the table is, and the extra with the driver for it.

    Raises:
        ConfigError: the address cannot be read, or its dialect is not known.
    """
    url = _written(config)
    driver = _DRIVERS.get(url.get_backend_name())
    if driver is None:
        raise ConfigError(
            f"there is no event broker for the SQL dialect '{url.get_backend_name()}'",
            hint=f"Known: {', '.join(_DRIVERS)}.",
            code="T904",
        )
    return url.set(drivername=driver[0]), driver[1]


def _written(config: SqlBroker) -> sa.URL:
    if config.url is not None and "://" in config.url:
        try:
            return sa.make_url(config.url)
        except (SQLAlchemyError, ValueError) as error:
            raise ConfigError(
                "the 'url' of the event broker is no address of a database",
                hint="Write it as dialect://user:password@host:port/db.",
                code="T904",
            ) from error
    dialect = config.dialect.lower().partition("+")[0]
    host, _, port = (config.url or "").partition(":")
    return sa.URL.create(
        dialect,
        username=config.username,
        password=None if config.password is None else config.password.reveal(),
        host=None if dialect == "sqlite" else host or "localhost",
        port=int(port) if port.isdigit() else config.port,
        database=config.db,
    )
