"""Why an action was chosen, in words: what `tertulia shell --trace` prints."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tertulia.core.events import ActionExecuted, ActionExecutionRejected, Event

Json = Any

_REASONS = {
    "rule": "the rule '{name}'",
    "story": "the story '{name}'",
    "end_of_story": "the end of the story '{name}'",
    "default_intent": "the built-in intent '{name}'",
    "loop": "'{name}' is active",
    "loop_waits": "'{name}' waits for an answer",
    "form_left": "a story leaves '{name}'",
    "trigger": "the intent '{name}' triggers it",
    "core_fallback": "no policy is surer than {threshold}",
    "not_understood": "the message is less sure than {threshold}",
    "fallback_done": "the fallback is done",
    "listening_twice": "nobody but a memory may listen twice in a row",
    "two_stages": "the message is being found out",
    "unlikely_intent": "the intent '{name}' is unlikely here",
    "nobody": "no policy predicts anything",
    "followup": "it was asked for by '{action}'",
    "restart_intent": "the intent to restart",
    "conversation_start": "a conversation begins",
    "session_start": "a session begins",
    "action": "'{name}' ran it",
    "request": "a request to run it",
    "reminder": "a reminder",
}

_SHORT = {"followup": "it was asked for", "rule": "a rule", "story": "a story"}


def explanations(events: Iterable[Event]) -> Iterator[str]:
    """Yield the lines that explain the actions among these events."""
    for event in events:
        if not isinstance(event, ActionExecuted | ActionExecutionRejected):
            continue
        trace = event.trace or {}
        yield f"  {_head(event)}: {_reason(trace.get('because', {}))}"
        if others := trace.get("others"):
            yield f"    others: {', '.join(_said(one) for one in others)}"
        if notes := list(_notes(trace)):
            yield f"    {'; '.join(notes)}"


def _head(event: ActionExecuted | ActionExecutionRejected) -> str:
    if isinstance(event, ActionExecutionRejected):
        return f"{event.name} refused"
    name = event.name if event.name is not None else f'"{event.action_text}"'
    if event.policy is None or event.confidence is None:
        return name
    return f"{name} ({event.policy} {event.confidence:.2f})"


def _reason(because: Mapping[str, Json]) -> str:
    kind = because.get("by")
    if kind is None:
        return "no reason was noted"
    if kind == "learned":
        return _features(because.get("features", []))
    known = {key: value for key, value in because.items() if key != "by"}
    try:
        words = _REASONS[str(kind)].format_map(known)
    except KeyError:  # a plugin's own kind, or a reason of which not everything is known
        words = _SHORT.get(str(kind), str(kind))
    at, places = because.get("at"), because.get("places")
    where = f", {at}" if at else ""
    return f"{words}{where}{f' and {places - 1} more' if places else ''}"


def _features(features: Sequence[Sequence[Json]]) -> str:
    named = [f"{name} {weight:+.2f}" for name, weight in features]
    return f"learned from {', '.join(named)}" if named else "learned"


def _said(other: Mapping[str, Json]) -> str:
    if other.get("asked") is False:
        return f"{other['policy']} not asked"
    if "action" not in other:
        return f"{other['policy']} nothing"
    return f"{other['policy']} {other['action']} {other['confidence']:.2f}"


def _notes(trace: Mapping[str, Json]) -> Iterator[str]:
    if "rejected" in trace:
        yield f"'{trace['rejected']}' refused before"
    if "ignored_followup" in trace:
        yield f"'{trace['ignored_followup']}' was asked for and is unknown"
    if "limit" in trace:
        yield f"the turn ends here: {trace['limit']} actions are the limit"
