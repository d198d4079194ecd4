"""Tracker store on Redis: as durable as the server is set up to be."""

from tertulia.adapters.stores.redis.store import RedisTrackerStore

__all__ = ["RedisTrackerStore"]
