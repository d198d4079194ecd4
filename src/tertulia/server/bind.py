"""Takes the address to serve at, before anything else is made ready for it."""

import errno
import os
import socket
import stat
from pathlib import Path
from typing import Any

from tertulia.base.errors import ConfigError


def bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to an address. port: 0 takes a free one.

    Raises:
        ConfigError: the address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except (OSError, OverflowError) as error:
        bound.close()
        raise _cannot_bind(f"{host}:{port}", error) from error
    return bound


def bind_path(path: Path) -> socket.socket:
    """Return a Unix socket at this path, where a dead one may lie. Raises as `bind`."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _is_answered(path):
            path.unlink()
        bound.bind(os.fspath(path))
    except OSError as error:
        bound.close()
        raise _cannot_bind(str(path), error) from error
    return bound


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return False
    return True


def _cannot_bind(address: str, error: Exception) -> ConfigError:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return ConfigError(
            f"the address {address} is taken by another program",
            hint="Choose another with --port, or stop that program.",
            code="T196",
        )
    return ConfigError(
        f"the address {address} cannot be used: {error}",
        hint="Check host and port; ports below 1024 need special rights.",
        code="T196",
    )


def address_of(bound: socket.socket, *, secure: bool) -> str:
    """Return the address as an URL."""
    name: Any = bound.getsockname()
    if isinstance(name, (str, bytes)):
        return f"unix:{os.fsdecode(name)}"
    host, port = str(name[0]), int(name[1])
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if secure else 'http'}://{shown}:{port}"
