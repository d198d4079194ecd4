import pytest
from tests.conformance.stores.conftest import mariadb_server, postgres_server, redis_server

pytest.register_assert_rewrite("tertulia.testing")

__all__ = ["mariadb_server", "postgres_server", "redis_server"]
