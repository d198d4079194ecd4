"""What goes wrong in calls of the driver of PostgreSQL. Only what needs the driver imports this."""

import asyncpg  # pyright: ignore[reportMissingTypeStubs]

DRIVER_ERRORS = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""Everything that a call is known to raise."""
