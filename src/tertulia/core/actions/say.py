"""Saying a response of the domain."""

from typing import Any

from tertulia.core.actions.context import RunContext
from tertulia.core.asks import Script, WriteResponse
from tertulia.core.events import Event
from tertulia.core.messages import bot_event
from tertulia.core.tracker import Tracker

Json = Any


def say_response(
    name: str,
    tracker: Tracker,
    context: RunContext,
    *,
    silent: bool = False,
    arguments: dict[str, Json] | None = None,
    label: str | None = None,
) -> Script[list[Event]]:
    """Return the event of saying the response, none when it does not exist.

    silent: a missing response is no problem. label: name logged instead of the response's own.
    """
    content: dict[str, Json] | None = yield WriteResponse(
        name=name, tracker=tracker, arguments=arguments or {}, draft=context.draft, silent=silent
    )
    if content is None:
        return []
    if label is not None:
        content = {**content, "utter_action": label}
    return [bot_event(content, context.generation)]
