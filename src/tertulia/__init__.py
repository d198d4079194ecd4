"""Tertulia: an open dialogue server. Importing the package loads none of its rooms."""

__version__: str


def __getattr__(name: str) -> str:
    """Return the installed version; asked for late, because reading it costs milliseconds."""
    if name == "__version__":
        from importlib.metadata import version

        return version("tertulia")
    raise AttributeError(f"module 'tertulia' has no attribute '{name}'")
