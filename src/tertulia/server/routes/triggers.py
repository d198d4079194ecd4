"""Things that happen outside a conversation and make the bot react.

Source: spec http_api.md section 5 (trigger_intent, output_channel).
"""

from typing import Any

import msgspec
from litestar import Response
from litestar.params import FromPath

from tertulia.adapters.channels.collector import Message
from tertulia.base.errors import RequestError, nearest
from tertulia.core.reminders import entities_of
from tertulia.server import query
from tertulia.server.body import AnyRequest, read_struct
from tertulia.server.declare import ID, Facts, operation
from tertulia.server.errors import UNKNOWN_INTENT, WRONG_PARAMETER
from tertulia.server.outputs import heard, keep_of, output_of
from tertulia.server.served import decode_id, served_by
from tertulia.server.terms import (
    carry_out,
    terms_of,
)

Json = Any


class Trigger(msgspec.Struct):
    """An intent to inject. entities: a list of them, or `{type: value}` for short."""

    name: str | None = None
    entities: list[dict[str, Json]] | dict[str, Json] | None = None


class Triggered(msgspec.Struct, frozen=True):
    """How the bot reacted. messages: what it said, when they were not sent to a channel."""

    tracker: dict[str, Json]
    messages: list[Message] | msgspec.UnsetType = msgspec.UNSET


@operation(
    "POST",
    f"/conversations/{ID}/trigger_intent",
    summary="Let the bot react to an event from outside",
    tag="conversations",
    facts=Facts(
        scope="write",
        query=("include_events", "output_channel"),
        headers=("If-Match", "Idempotency-Key"),
        body=Trigger,
        answer=Triggered,
        errors=(UNKNOWN_INTENT,),
    ),
)
async def trigger_intent(
    request: AnyRequest, conversation_id: FromPath[str]
) -> Response[Triggered]:
    """Log an external user event with this intent, and let the bot act on it."""
    served = served_by(request)
    verbosity = query.verbosity(request, served.settings)
    trigger = await read_struct(request, Trigger)
    assistant = served.ready()
    if not trigger.name:
        raise RequestError(
            "name of the intent not provided in request body.",
            parameter="name",
            where="body",
            code=WRONG_PARAMETER,
        )
    if trigger.name not in assistant.domain.intents:
        raise RequestError(
            f"the intent '{trigger.name[:80]}' does not exist in the domain.",
            hint=nearest(trigger.name, tuple(assistant.domain.intents)),
            code=UNKNOWN_INTENT,
        )
    name = decode_id(conversation_id)
    output = await output_of(request, served, name)
    event = (trigger.name, entities_of(trigger.entities))
    keep = keep_of(output, name, assistant.generation)
    terms = await terms_of(request, "trigger_intent", keep)
    turn = served.service.operations.trigger(name, event, assistant, output, terms)
    outcome = await carry_out(served, name, assistant, turn)
    shown = Triggered(served.show(outcome.view, verbosity), heard(output, outcome.before))
    return Response(shown, headers=outcome.headers)


API = (trigger_intent,)
