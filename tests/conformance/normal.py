"""What is compared of a recording: everything but times, made-up ids and token offsets."""

import re
from typing import Any

_UUID = re.compile(
    r"\b[0-9a-f]{32}\b|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([+-]\d\d:\d\d|Z)?")
_DROPPED = {
    "timestamp",
    "latest_event_time",
    "message_id",
    "model_id",
    "assistant_id",
    "text_tokens",
    "trace",
}


def normal(value: Any) -> Any:
    """Return the value as it is compared."""
    if isinstance(value, dict):
        kept = {key: normal(inner) for key, inner in value.items() if key not in _DROPPED}
        if kept.get("metadata") == {} and kept.get("event") not in ("user", "bot"):
            del kept["metadata"]
        return kept
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, str):
        return _ISO.sub("<iso>", _UUID.sub("<uuid>", value)).replace("<ts>", "")
    return value


def first_difference(wanted: Any, got: Any, at: str = "") -> str:
    """Return where two values first differ, and how."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in sorted(set(wanted) | set(got)):
            left, right = wanted.get(key, "<absent>"), got.get(key, "<absent>")
            if left != right:
                return first_difference(left, right, f"{at}.{key}")
    if isinstance(wanted, list) and isinstance(got, list):
        for index, (left, right) in enumerate(zip(wanted, got, strict=False)):
            if left != right:
                return first_difference(left, right, f"{at}[{index}]")
        if len(wanted) != len(got):
            return f"{at}: {len(wanted)} wanted, {len(got)} got"
    return f"{at}: wanted {wanted!r:.160}, got {got!r:.160}"
