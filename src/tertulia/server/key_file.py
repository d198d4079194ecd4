"""Public keys from a local JWKS file, chosen by `kid`, read again when the file changes.

Source: RFC 7517.
"""

import logging
import time
from pathlib import Path
from typing import Any, cast

import jwt
import msgspec

from tertulia.base.errors import ConfigError

_log = logging.getLogger("tertulia.server")

_LOOK_EVERY = 1.0
"""Seconds between two looks at whether the file has changed."""

_PRIVATE = ("d", "p", "q")
_Stamp = tuple[int, int, int]


class _Keys(msgspec.Struct):
    """The members of a JWKS file that count."""

    keys: list[dict[str, Any]]


class KeyFile:
    """The keys of a file that fit one method. A change that cannot be read leaves the old keys.

    Raises:
        ConfigError: the file cannot be read, or has no key for the method.
    """

    def __init__(self, path: Path, method: str) -> None:
        self._path = path
        self._method = method
        self._stamp = _stamp(path)
        self._keys = _read(path, method)
        self._looked = time.monotonic()

    def __call__(self, name: str | None) -> Any:
        """Return the key of this `kid`; without one the only key there is; None for no such key."""
        self._look()
        if name is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(name)

    def _look(self) -> None:
        now = time.monotonic()
        if now - self._looked < _LOOK_EVERY:
            return
        self._looked = now
        try:
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                # Also when reading fails: the file is looked at again when it changes again.
                self._stamp = stamp
                self._keys = _read(self._path, self._method)
        except ConfigError as error:
            _log.error("%s The keys read before stay in use.", error)


def _stamp(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    return found.st_mtime_ns, found.st_size, found.st_ino


def _read(path: Path, method: str) -> dict[str, Any]:
    try:
        listed = msgspec.json.decode(path.read_bytes(), type=_Keys).keys
        keys = {str(each.get("kid", "")): _key(each, method) for each in listed}
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise _unusable(path, f"it is no JWKS file: {error}") from error
    found = {name: key for name, key in keys.items() if key is not None}
    if not found:
        raise _unusable(path, f"it has no public key for {method}")
    return found


def _key(each: dict[str, Any], method: str) -> Any:
    """Return a key as the library wants it, None when it is not for this method."""
    if each.get("alg", method) != method or each.get("use", "sig") != "sig":
        return None
    try:
        algorithm = cast(Any, jwt.get_algorithm_by_name(method))
        return algorithm.from_jwk({k: v for k, v in each.items() if k not in _PRIVATE})
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _unusable(path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"the file of keys '{path}' cannot be used: {why}",
        hint="--jwt-keys names a JSON Web Key Set that has public keys for --jwt-method.",
        code="T147",
    )
