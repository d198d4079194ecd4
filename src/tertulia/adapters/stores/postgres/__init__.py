"""Tracker store on PostgreSQL, for several servers at once, in the originals' table `events`."""

from tertulia.adapters.stores.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
