"""The page that shows the API's description: its files and the headers they travel with.

Served at `<prefix>/docs` with its other files at `<prefix>/docs/<name>`; it reads
`<prefix>/openapi.json` and nothing else.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tertulia.web.pages import SECURITY_HEADERS as PAGE_HEADERS
from tertulia.web.pages import STRICT_POLICY, Asset, read_asset

PAGE: Final = "api.html"
"""Name of the document itself; the other names are loaded by it."""

_MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        PAGE: "text/html; charset=utf-8",
        "api.css": "text/css; charset=utf-8",
        "api.js": "text/javascript; charset=utf-8",
    }
)

ASSET_NAMES: Final[tuple[str, ...]] = tuple(_MEDIA_TYPES)
"""Every name that `asset` knows."""

SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {**PAGE_HEADERS, "Content-Security-Policy": STRICT_POLICY}
)
"""Headers to send with every file of the page."""


def asset(name: str) -> Asset | None:
    """Return the file called `name`, or None when the page has no such file."""
    return read_asset(f"api/{name}", _MEDIA_TYPES[name]) if name in _MEDIA_TYPES else None
