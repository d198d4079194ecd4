"""The chat page: its files and the headers they travel with.

A request chooses among the names of one fixed table and never reaches the file system. The page
refers to everything relatively: served at `<prefix>/chat`, its other files must answer at
`<prefix>/chat/<name>` and the rest channel at `<prefix>/webhooks/rest/webhook`.
"""

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import msgspec

PAGE: Final = "chat.html"
"""Name of the document itself; the other names are loaded by it."""

_SCRIPT = "text/javascript; charset=utf-8"
_MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        PAGE: "text/html; charset=utf-8",
        "chat.css": "text/css; charset=utf-8",
        "chat.js": _SCRIPT,
        "memory.js": _SCRIPT,
        "parts.js": _SCRIPT,
        "transport.js": _SCRIPT,
        "view.js": _SCRIPT,
        "words.js": _SCRIPT,
        "icon.svg": "image/svg+xml; charset=utf-8",
    }
)

ASSET_NAMES: Final[tuple[str, ...]] = tuple(_MEDIA_TYPES)
"""Every name that `asset` knows."""

STRICT_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        # Makes the browser refuse to turn a string into markup, even if a script tried.
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
"""Value of a Content-Security-Policy header: nothing but the page's own files."""

CONTENT_SECURITY_POLICY: Final = f"{STRICT_POLICY}; img-src 'self' http: https:"
"""The same for the chat page: a bot may show pictures from anywhere."""

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        # Revalidated by ETag each time: after an upgrade no browser mixes old and new files.
        "Cache-Control": "no-cache",
    }
)
"""Headers to send with every file of the page."""


class Asset(msgspec.Struct, frozen=True):
    """One file. media_type: value of Content-Type. etag: 16 hex digits of its SHA-256, unquoted."""

    body: bytes
    media_type: str
    etag: str


def asset(name: str) -> Asset | None:
    """Return the file called `name`, or None when the page has no such file."""
    return read_asset(name, _MEDIA_TYPES[name]) if name in _MEDIA_TYPES else None


@cache
def read_asset(path: str, media_type: str) -> Asset:
    """Return a file of the package. path: below `static`, from a fixed table, never a request's."""
    body = files("tertulia.web").joinpath("static", path).read_bytes()
    return Asset(body, media_type, sha256(body).hexdigest()[:16])
