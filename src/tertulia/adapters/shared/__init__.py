"""What adapters of several kinds do alike. Nothing here is an adapter of a port."""
