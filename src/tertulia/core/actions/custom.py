"""Custom actions: asking the action server, and uttering what it answered.

Source: spec sdk.md sections 2 and 3.
"""

from collections.abc import Mapping
from typing import Any

from tertulia.core.actions.context import RunContext
from tertulia.core.asks import ActionAnswer, CallAction, Script, WriteResponse
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered, Event
from tertulia.core.messages import bot_event, merge_answer
from tertulia.core.tracker import Tracker

Json = Any


def call_custom(
    name: str,
    tracker: Tracker,
    context: RunContext,
    *,
    draft: tuple[Event, ...] = (),
    only_after_restart: bool = False,
) -> Script[list[Event]]:
    """Return the events of a custom action: what it said first, then its own events.

    draft: further events not yet logged that the action shall see.

    Raises:
        ActionRejected: the action refuses to run.
        ActionServerError: it failed; counts as run without events.
    """
    answer: ActionAnswer = yield CallAction(
        name=name,
        tracker=tracker,
        draft=(*context.draft, *draft),
        only_after_restart=only_after_restart,
    )
    events: list[Event] = []
    for said in answer.responses:
        event = yield from _utter(said, tracker, context)
        if event is not None:
            events.append(event)
    events.extend(answer.events)
    return events


def _utter(
    said: Mapping[str, Json], tracker: Tracker, context: RunContext
) -> Script[BotUttered | None]:
    name = said.get("response") or said.get("template")
    if not isinstance(name, str):
        return bot_event(merge_answer({}, said, None), context.generation)
    arguments = {k: v for k, v in said.items() if k not in ("response", "template")}
    draft: dict[str, Json] | None = yield WriteResponse(
        name=name, tracker=tracker, arguments=arguments, draft=context.draft
    )
    if draft is None:
        return None
    label = name if context.generation is Generation.MODERN else None
    return bot_event(merge_answer(draft, said, label), context.generation)
