"""Tracker store on MariaDB, MySQL and SQLite files, in the originals' table `events`."""

from tertulia.adapters.stores.sql.store import SqlTrackerStore

__all__ = ["SqlTrackerStore"]
