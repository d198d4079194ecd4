"""Tracker store on SQLite: one file, no server, every acknowledged write on the disk."""

from tertulia.adapters.stores.sqlite.store import SqliteStore

__all__ = ["SqliteStore"]
