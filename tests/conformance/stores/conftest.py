from collections.abc import Iterator

import pytest
from tests.conformance.stores.servers import drop_postgres, make_postgres

pytest.register_assert_rewrite("tertulia.testing")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[None]:
    """A database on the PostgreSQL server, for this run of the tests."""
    make_postgres()
    yield
    drop_postgres()
