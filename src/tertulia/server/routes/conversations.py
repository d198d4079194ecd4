"""Conversations: look at one, change its events, tell its story.

Source: spec http_api.md section 5.
"""

from collections.abc import Sequence
from typing import Any

from litestar import Response
from litestar.params import FromPath

from tertulia.core.events import Event
from tertulia.core.tracker.views import Verbosity, after_restart
from tertulia.data.stories.dump import Dialogue, dump_markdown, dump_yaml, sessions
from tertulia.engine.conversation import last_session
from tertulia.server import query
from tertulia.server.body import AnyRequest, read_json
from tertulia.server.declare import ID, TEXT, Facts, operation
from tertulia.server.errors import NO_DOMAIN, UNKNOWN_CONVERSATION, WRONG_EVENTS
from tertulia.server.events_in import any_number, one_or_more
from tertulia.server.outputs import output_of
from tertulia.server.served import Served, decode_id, served_by
from tertulia.server.terms import (
    carry_out,
    etag,
    expected_of,
    is_seen,
    nothing_said,
    terms_of,
)

Json = Any
TrackerJson = dict[str, Json]

_TAG = "conversations"
_PART_OF_ONE = "default"
"""Whose conversation 0.x says it is when only the part until a time is asked for."""


@operation(
    "GET",
    f"/conversations/{ID}/tracker",
    summary="A conversation's state and events",
    tag=_TAG,
    facts=Facts(
        scope="read",
        query=("include_events", "include_trace", "until", "events", "ignore_restarts"),
        headers=("If-None-Match",),
        answer=TrackerJson,
        statuses=(200, 304),
        no_model=NO_DOMAIN,
    ),
)
async def tracker(
    request: AnyRequest, conversation_id: FromPath[str]
) -> Response[TrackerJson] | Response[None]:
    """Return a conversation; one that does not exist is shown as it would begin.

    The answer's ETag names its version; `If-None-Match` asks for it only when there is a newer.
    """
    served = served_by(request)
    verbosity = query.verbosity(request, served.settings, _default_verbosity(request, served))
    until = query.number(request, "until", served.settings)
    name, assistant = decode_id(conversation_id), served.ready()
    if "if-none-match" in request.headers:
        version = await served.service.records.version(name)
        if is_seen(request, version, assistant):
            return Response(None, status_code=304, headers=etag(version, assistant))
    view = await served.turns.run(served.service.operations.show(name, assistant, until=until))
    shown = served.show(view, verbosity, trace=query.flag(request, "include_trace"))
    if until is not None and served.settings.is_legacy:
        shown["sender_id"] = _PART_OF_ONE
    return Response(shown, headers=etag(view.version, assistant))


def _default_verbosity(request: AnyRequest, served: Served) -> Verbosity:
    if served.settings.is_legacy:
        if query.flag(request, "ignore_restarts"):
            return Verbosity.ALL
        if not query.flag(request, "events", default=True):
            return Verbosity.NONE
    return Verbosity.AFTER_RESTART


@operation(
    "POST",
    f"/conversations/{ID}/tracker/events",
    summary="Add events to a conversation",
    tag=_TAG,
    facts=Facts(
        scope="write",
        query=("include_events", "output_channel", "execute_side_effects"),
        headers=("If-Match", "If-None-Match", "Idempotency-Key"),
        body=dict[str, Json] | list[dict[str, Json]],
        answer=TrackerJson,
        errors=(WRONG_EVENTS,),
    ),
)
async def append_events(
    request: AnyRequest, conversation_id: FromPath[str]
) -> Response[TrackerJson]:
    """Log one event or a list of them as they are, and return the conversation after them."""
    served = served_by(request)
    verbosity = query.verbosity(request, served.settings)
    body = await read_json(request)
    events = one_or_more(body, now=served.now(), legacy=served.settings.is_legacy)
    name = decode_id(conversation_id)
    effective = query.flag(request, "execute_side_effects")
    output = await output_of(request, served, name) if effective else None
    assistant = served.ready()
    terms = await terms_of(request, "events", nothing_said)
    turn = served.service.operations.append(name, events, assistant, output, terms)
    outcome = await carry_out(served, name, assistant, turn)
    return Response(served.show(outcome.view, verbosity), headers=outcome.headers)


@operation(
    "PUT",
    f"/conversations/{ID}/tracker/events",
    summary="Replace a conversation's events",
    tag=_TAG,
    facts=Facts(
        scope="write",
        query=("include_events",),
        headers=("If-Match", "If-None-Match"),
        body=list[dict[str, Json]],
        answer=TrackerJson,
        errors=(WRONG_EVENTS,),
    ),
)
async def replace_events(
    request: AnyRequest, conversation_id: FromPath[str]
) -> Response[TrackerJson]:
    """Make a list of events the whole conversation, and return it."""
    served = served_by(request)
    verbosity = query.verbosity(request, served.settings)
    legacy = served.settings.is_legacy
    body = await read_json(request)
    events = any_number(body, now=served.now(), legacy=legacy, skip_unnamed=legacy)
    name, assistant = decode_id(conversation_id), served.ready()
    view = await served.turns.run(
        served.service.operations.replace(name, events, assistant, expected_of(request))
    )
    return Response(served.show(view, verbosity), headers=etag(view.version, assistant))


@operation(
    "GET",
    f"/conversations/{ID}/story",
    summary="A conversation as a test story",
    tag=_TAG,
    facts=Facts(
        scope="read",
        query=("until", "all_sessions"),
        media_types=(TEXT,),
        errors=(UNKNOWN_CONVERSATION,),
    ),
)
async def story(request: AnyRequest, conversation_id: FromPath[str]) -> Response[bytes]:
    """Write the conversation as a story: Markdown in the legacy profile, YAML in the modern."""
    served = served_by(request)
    name = decode_id(conversation_id)
    await served.require_known(name)
    until = query.number(request, "until", served.settings)
    view = await served.turns.run(served.service.operations.show(name, served.ready(), until=until))
    log: Sequence[Event] = after_restart(view.log)
    if served.settings.is_legacy:
        title = name if until is None else _PART_OF_ONE
        text = dump_markdown(Dialogue(title, view.tracker.applied_events()))
    elif query.flag(request, "all_sessions"):
        text = dump_yaml(sessions(name, log))
    else:
        text = dump_yaml([Dialogue(name, last_session(log))])
    return Response(text.encode(), media_type=TEXT)


API = (tracker, append_events, replace_events, story)
