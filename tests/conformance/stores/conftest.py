import asyncio
from collections.abc import Iterator

import pytest
from tests.conformance.stores.servers import (
    MARIADB,
    REDIS,
    drop_mariadb,
    drop_postgres,
    drop_redis,
    make_postgres,
    need,
)

pytest.register_assert_rewrite("tertulia.testing")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[None]:
    """A database on the PostgreSQL server, for this run of the tests."""
    make_postgres()
    yield
    drop_postgres()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[None]:
    """The MariaDB server, without databases of this run afterwards."""
    need("MariaDB", MARIADB)
    yield
    asyncio.run(drop_mariadb())


@pytest.fixture(scope="session")
def redis_server() -> Iterator[None]:
    """The Redis server, without keys of the tests afterwards."""
    need("Redis", REDIS)
    yield
    asyncio.run(drop_redis())
