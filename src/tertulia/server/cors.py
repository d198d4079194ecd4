"""Which web pages of other origins may read answers. Closed unless origins are named.

Source: spec http_api.md section 4.
"""

import re
from collections.abc import Iterable

from tertulia.base.errors import ConfigError

Header = tuple[bytes, bytes]

_METHODS = b"DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
_PATTERN = re.compile(r"[*+?()\[\]{}|\\^$]")
_EXPOSE: Header = (b"access-control-expose-headers", b"filename")
_CREDENTIALS: Header = (b"access-control-allow-credentials", b"true")
_VARY: Header = (b"vary", b"Origin")


class Cors:
    """Decides per origin. origins: exact, `*` for any, or regular expressions matched whole.

    A dot in an exact origin is a dot. With `*` no credentials are allowed, because any page
    could then speak in the user's name.
    """

    def __init__(self, origins: Iterable[str]) -> None:
        listed = tuple(origins)
        self._any = "*" in listed
        named = [origin for origin in listed if origin != "*"]
        self._exact = frozenset(o.rstrip("/").lower() for o in named if not _PATTERN.search(o))
        self._patterns = tuple(_compile(o) for o in named if _PATTERN.search(o))
        self.is_closed = not listed

    def headers(self, origin: str | None) -> list[Header]:
        """Return the headers for an answer to this origin."""
        if self.is_closed:
            return []
        if self._any:
            return [(b"access-control-allow-origin", b"*"), _EXPOSE]
        if origin is None or not self._allows(origin):
            return [_VARY]
        allowed = (b"access-control-allow-origin", origin.encode("latin-1"))
        return [allowed, _CREDENTIALS, _EXPOSE, _VARY]

    def preflight(self, origin: str, requested_headers: bytes | None) -> list[Header]:
        """Return the further headers for the question whether a request would be allowed."""
        if not self.admits(origin):
            return []
        found = [(b"access-control-allow-methods", _METHODS)]
        if requested_headers:
            found.append((b"access-control-allow-headers", requested_headers))
        return found

    def admits(self, origin: str) -> bool:
        """Tell whether pages of this origin may read answers."""
        return not self.is_closed and (self._any or self._allows(origin))

    def _allows(self, origin: str) -> bool:
        lowered = origin.lower()
        return lowered in self._exact or any(p.fullmatch(lowered) for p in self._patterns)


def _compile(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern, re.IGNORECASE)
    except re.error as error:
        raise ConfigError(
            f"the origin '{pattern}' is neither an address nor a regular expression: {error}",
            hint="Write origins like https://example.org, or * for any.",
            code="T194",
        ) from error
