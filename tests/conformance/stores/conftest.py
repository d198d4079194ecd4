import asyncio
from collections.abc import Iterator

import pytest
from tests.conformance.stores.servers import (
    MARIADB,
    drop_mariadb,
    drop_postgres,
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
