"""Actions of retrieval intents: saying what the response selector chose.

Source: spec nlg.md section 6.
"""

from typing import Any, cast

from tertulia.core.actions.context import RunContext
from tertulia.core.actions.say import say_response
from tertulia.core.asks import Remark, Script
from tertulia.core.events import Event
from tertulia.core.tracker import Tracker

Json = Any


def select(name: str, tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Return the event of saying the selected response of `utter_<intent>`."""
    intent = name.removeprefix("utter_")
    found = tracker.state.latest_message.parse_data.get("response_selector")
    selectors = cast(dict[str, Json], found) if isinstance(found, dict) else {}
    selected = selectors.get(intent) or selectors.get("default")
    chosen = _chosen(selected)
    if chosen is None:
        yield Remark(code="T707", text=f"no response was selected for '{name}'")
        return []
    return (yield from say_response(chosen, tracker, context))


def _chosen(selected: Json) -> str | None:
    if not isinstance(selected, dict):
        return None
    response = cast(dict[str, Json], selected).get("response")
    if not isinstance(response, dict):
        return None
    name = cast(dict[str, Json], response).get("utter_action")
    return name if isinstance(name, str) else None
