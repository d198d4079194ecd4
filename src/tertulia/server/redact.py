"""What of an address may be written into a log."""

from urllib.parse import parse_qsl, quote

_SHOWN = frozenset(
    (
        "include_events",
        "include_trace",
        "until",
        "events",
        "ignore_restarts",
        "all_sessions",
        "output_channel",
        "execute_side_effects",
        "emulation_mode",
        "stream",
    )
)
_MOST = 2048


def redacted(query: bytes) -> str:
    """Return a query for the log: values only of parameters known to hold no secret and no text.

    Long ones are cut: the log is no place to fill.
    """
    if not query:
        return ""
    pairs = parse_qsl(query[:_MOST].decode("latin-1"), keep_blank_values=True)
    return "&".join(f"{quote(name)}={_shown(name, value)}" for name, value in pairs)


def _shown(name: str, value: str) -> str:
    return quote(value) if name in _SHOWN else "***"
