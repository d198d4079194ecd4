"""What is compared of a 0.x recording: everything but times, made-up ids and learned figures."""

import re
from typing import Any

_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_BY_POSITION = re.compile(r"\breminder-\d+\b")  # how reminders without a name are named here
_HEX32 = re.compile(r"\b[0-9a-f]{32}\b")
_TIMES = {"timestamp", "latest_event_time"}
_LEARNED = "KerasPolicy"
_FIGURE = "<figure>"


def normal(value: Any) -> Any:
    """Return the value as it is compared: placeholders as the recording has them.

    Figures of learned parts are replaced, what they decided is kept.
    """
    if isinstance(value, dict):
        return {
            key: _time(inner) if key in _TIMES else normal(inner)
            for key, inner in _without_figures(value).items()
        }
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, str):
        return _HEX32.sub("<HEX32>", _UUID.sub("<UUID>", _BY_POSITION.sub("<UUID>", value)))
    return value


def _time(value: Any) -> Any:
    return "<TS>" if isinstance(value, (int, float)) else value


def _without_figures(found: dict[str, Any]) -> dict[str, Any]:
    if "intent_ranking" in found and not str(found.get("text", "")).startswith("/"):
        return _understanding(found)
    if found.get("event") in ("action", "action_execution_rejected") and _is_learned(found):
        return {**found, "confidence": _FIGURE}
    if "scores" in found and _is_learned(found):
        return _prediction(found)
    return found


def _is_learned(found: dict[str, Any]) -> bool:
    return str(found.get("policy")).endswith(_LEARNED)


def _understanding(found: dict[str, Any]) -> dict[str, Any]:
    """Keep which intent and which entities were understood, and which intents are ranked."""
    return {
        **found,
        "intent": {**found["intent"], "confidence": _FIGURE},
        "intent_ranking": sorted(each["name"] for each in found["intent_ranking"]),
        "entities": [
            {**entity, "confidence": _FIGURE} if "confidence" in entity else entity
            for entity in found["entities"]
        ],
    }


def _prediction(found: dict[str, Any]) -> dict[str, Any]:
    """Keep which actions could be taken, and which one is the best."""
    best = max(found["scores"], key=lambda each: each["score"])["action"]
    figures = {"confidence": _FIGURE} if "confidence" in found else {}
    actions = [each["action"] for each in found["scores"]]
    return {**found, **figures, "scores": {"actions": actions, "best": best}}


def of_recorded_keys(wanted: Any, got: Any) -> Any:
    """Return `got` with no more keys than recorded, for requests that carry keys of all versions.

    Maps that are data (an empty one as well) keep all their keys.
    """
    if isinstance(wanted, dict) and isinstance(got, dict) and wanted:
        return {
            key: inner if key in _DATA else of_recorded_keys(wanted[key], inner)
            for key, inner in got.items()
            if key in wanted
        }
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [of_recorded_keys(left, right) for left, right in zip(wanted, got, strict=True)]
    return got


_DATA = {"slots", "arguments", "parse_data", "value", "data"}
