"""What can go wrong with the server, in the words of a person who has to repair it.

Rule: no error of the driver or of the network leaves the store as it is.
"""

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

from tertulia.adapters.stores.postgres.place import Place
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored

UNDONE = (
    asyncpg.DataError,
    asyncpg.DeadlockDetectedError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.SerializationError,
)
"""Errors after which nothing of the transaction is there. A lost connection is none of them: it
may have been lost after COMMIT, and a second try would take its own events for a conflict.
"""

_HINTS: tuple[tuple[type[Exception], str], ...] = (
    (asyncpg.InvalidAuthorizationSpecificationError, "Check `username` and `password`."),
    (
        asyncpg.InvalidCatalogNameError,
        "Check `db`, or give `login_db`, a database to make the missing one from.",
    ),
    (asyncpg.InsufficientPrivilegeError, "Grant the user what the message names."),
    (asyncpg.InvalidSchemaNameError, "Make the schema, or correct `schema` (POSTGRESQL_SCHEMA)."),
    (asyncpg.CantChangeRuntimeParamError, "Correct `query`."),
    (asyncpg.UndefinedObjectError, "Correct `query`."),
    (asyncpg.UndefinedTableError, "Restore the tables whose names begin with `tertulia_`."),
    (asyncpg.UndefinedColumnError, "Restore the tables whose names begin with `tertulia_`."),
)


def driver_failed(error: Exception, place: Place) -> StoreUnavailable:
    """Return what to raise in place of an error of the driver."""
    for kind, hint in _HINTS:
        if isinstance(error, kind):
            return stored.rejected(str(place), error, hint)
    if isinstance(error, asyncpg.DataError):
        return stored.unfit(" ".join(str(error).split()))
    return stored.unreachable(str(place), error)


def foreign_table(place: Place, missing: list[str]) -> StoreUnavailable:
    """Return what to raise when `events` is a table of another program."""
    detail = f"its table `events` has no {', '.join(missing)}"
    return stored.foreign(str(place), detail, "Name another `db` or `schema`.")


def newer_schema(place: Place, found: int, known: int) -> StoreUnavailable:
    """Return what to raise when the tables are ahead of this program."""
    detail = f"its tables are of version {found}, known up to {known}"
    return stored.foreign(str(place), detail, "Upgrade this program.")
