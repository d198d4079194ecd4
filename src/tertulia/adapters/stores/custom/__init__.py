"""A tracker store of the project's own: for our port, or for the interface of the originals."""

from tertulia.adapters.stores.custom.make import open_custom

__all__ = ["open_custom"]
