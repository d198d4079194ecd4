"""Conversations going on: answer a message, predict, run an action, log a message.

Source: spec http_api.md section 5.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
from litestar import Response
from litestar.params import FromPath

from tertulia.adapters.channels.collector import Collector, Message
from tertulia.base.errors import RequestError, UnknownAction
from tertulia.core.incoming import Incoming
from tertulia.core.prediction import Decision
from tertulia.engine.terms import NO_TERMS, AlreadyDone, Terms
from tertulia.server import query
from tertulia.server.body import AnyRequest, convert, read_json, read_struct
from tertulia.server.declare import ID, Facts, operation
from tertulia.server.errors import (
    NOT_A_USER,
    UNKNOWN_CONVERSATION,
    WRONG_EVENTS,
    WRONG_PARAMETER,
)
from tertulia.server.events_in import ParseData, any_number
from tertulia.server.outputs import heard, keep_of, output_of
from tertulia.server.served import Served, decode_id, served_by
from tertulia.server.terms import (
    REPLAYED,
    carry_out,
    kept_messages,
    messages_of,
    nothing_said,
    once_only,
    terms_of,
)

Json = Any
TrackerJson = dict[str, Json]

_TAG = "conversations"


class Question(msgspec.Struct):
    """A message to answer; `query` counts before `q`. An object holds the text in `text`."""

    query: str | dict[str, Json] | msgspec.UnsetType = msgspec.UNSET
    q: str | dict[str, Json] | msgspec.UnsetType = msgspec.UNSET


class Execution(msgspec.Struct):
    """An action to run; `action` is the old word for `name`."""

    name: str | None = None
    action: str | None = None
    policy: str | None = None
    confidence: float | None = None


class Said(msgspec.Struct):
    """A message to log; `message` counts before `text`. parse_data: instead of NLU's result."""

    sender: str | None = None
    text: str | None = None
    message: str | None = None
    parse_data: dict[str, Json] | None = None


class Score(msgspec.Struct, frozen=True):
    """How sure the policies are of an action, in [0, 1]."""

    action: str
    score: float


class Predicted(msgspec.Struct, frozen=True):
    """The next action the bot would take. confidence: of the first of the scores."""

    scores: list[Score]
    policy: str | None
    tracker: TrackerJson
    confidence: float | msgspec.UnsetType | None = msgspec.UNSET


class Executed(msgspec.Struct, frozen=True):
    """What running an action did. messages: what the bot said, when it went to no channel alone."""

    tracker: TrackerJson
    messages: list[Message] | msgspec.UnsetType = msgspec.UNSET


@operation(
    "GET",
    f"/conversations/{ID}/respond",
    summary="Answer a message of the query string",
    tag=_TAG,
    facts=Facts(
        scope="converse", query=("query", "q"), answer=list[Message], errors=(WRONG_PARAMETER,)
    ),
)
async def respond_to_query(request: AnyRequest, conversation_id: FromPath[str]) -> list[Message]:
    """Take a message through a turn and return what the bot says."""
    text = query.text(request, "query")
    if text is None:
        text = query.text(request, "q")
    if text is None:
        raise _no_message()
    return await _respond(served_by(request), decode_id(conversation_id), text)


@operation(
    "POST",
    f"/conversations/{ID}/respond",
    summary="Answer a message",
    tag=_TAG,
    facts=Facts(
        scope="converse",
        headers=("Idempotency-Key",),
        body=Question,
        answer=list[Message],
    ),
)
async def respond(request: AnyRequest, conversation_id: FromPath[str]) -> Response[list[Message]]:
    """Take a message through a turn and return what the bot says."""
    question = await read_struct(request, Question)
    given = question.q if question.query is msgspec.UNSET else question.query
    if isinstance(given, dict):
        given = given.get("text", msgspec.UNSET)
    if not isinstance(given, str):
        raise _no_message()
    served, name = served_by(request), decode_id(conversation_id)
    keep = messages_of(name, served.ready().generation)
    terms = await once_only(request, "respond", keep)
    try:
        return Response(await _respond(served, name, given, terms))
    except AlreadyDone as done:
        return Response(kept_messages(done), headers=dict(REPLAYED))


def _no_message() -> RequestError:
    return RequestError(
        "missing the message parameter.", parameter="query", where="query", code=WRONG_PARAMETER
    )


async def _respond(
    served: Served, sender_id: str, text: str, terms: Terms = NO_TERMS
) -> list[Message]:
    output = Collector(sender_id, served.ready().generation)
    incoming = Incoming(sender_id=sender_id, text=text)
    await served.turns.run(served.service.handle(incoming, output, terms))
    return output.messages


@operation(
    "POST",
    f"/conversations/{ID}/predict",
    summary="The next action of a conversation",
    tag=_TAG,
    facts=Facts(scope="read", answer=Predicted, errors=(UNKNOWN_CONVERSATION,)),
)
async def predict(request: AnyRequest, conversation_id: FromPath[str]) -> Predicted:
    """Return what the bot would do next, without doing it."""
    served = served_by(request)
    name = decode_id(conversation_id)
    await served.require_known(name)
    decision, view = await served.service.operations.predict(name, served.ready())
    scores = _scores(decision)
    if not served.settings.is_legacy:
        scores.sort(key=lambda each: (-each.score, each.action))
    shown = _with_followup_used(served.show(view))
    return Predicted(scores, decision.policy, shown, decision.confidence)


@operation(
    "POST",
    ("/predict", "/model/predict"),
    summary="The next action after some events",
    tag="model",
    facts=Facts(
        scope="read",
        query=("include_events",),
        body=list[dict[str, Json]],
        answer=Predicted,
        errors=(WRONG_EVENTS,),
    ),
)
async def predict_events(request: AnyRequest) -> Predicted:
    """Return what the bot would do after a list of events; nothing is stored."""
    served = served_by(request)
    verbosity = query.verbosity(request, served.settings)
    legacy = served.settings.is_legacy
    body = await read_json(request)
    events = any_number(body, now=served.now(), legacy=legacy, skip_unnamed=False)
    decision, view = await served.service.operations.predict_events(events, served.ready())
    shown = _with_followup_used(served.show(view, verbosity))
    confidence = msgspec.UNSET if legacy else decision.confidence
    return Predicted(_scores(decision), decision.policy, shown, confidence)


def _with_followup_used(shown: TrackerJson) -> TrackerJson:
    """Show the followup as used, as in the originals; the next turn finds it all the same."""
    return {**shown, "followup_action": None}


def _scores(decision: Decision) -> list[Score]:
    pairs: Iterable[tuple[str, float]] = decision.scores.items()
    return [Score(action, score) for action, score in pairs]


@operation(
    "POST",
    f"/conversations/{ID}/execute",
    summary="Run one action",
    tag=_TAG,
    facts=Facts(
        scope="write",
        query=("include_events", "output_channel"),
        headers=("If-Match", "Idempotency-Key"),
        body=Execution,
        answer=Executed,
        errors=(UNKNOWN_CONVERSATION,),
    ),
)
async def execute(request: AnyRequest, conversation_id: FromPath[str]) -> Response[Executed]:
    """Run an action as if it had been predicted, and predict nothing after it."""
    served = served_by(request)
    name = decode_id(conversation_id)
    await served.require_known(name)
    verbosity = query.verbosity(request, served.settings)
    wanted = await read_struct(request, Execution)
    action = wanted.name or wanted.action
    if not action:
        raise _wrong_action("name of the action not provided in request body.")
    assistant = served.ready()
    output = await output_of(request, served, name)
    decision = Decision(
        action=action,
        policy=wanted.policy,
        confidence=wanted.confidence,
        why={"by": "request"},
    )
    terms = await terms_of(request, "execute", keep_of(output, name, assistant.generation))
    turn = served.service.operations.execute(name, decision, assistant, output, terms)
    try:
        outcome = await carry_out(served, name, assistant, turn)
    except UnknownAction as error:
        raise _wrong_action(error.message, hint=error.hint) from error
    shown = Executed(served.show(outcome.view, verbosity), heard(output, outcome.before))
    return Response(shown, headers=outcome.headers)


def _wrong_action(message: str, *, hint: str = "") -> RequestError:
    return RequestError(message, hint=hint, parameter="name", where="body", code=WRONG_PARAMETER)


@operation(
    "POST",
    f"/conversations/{ID}/messages",
    summary="Log a message without an answer",
    tag=_TAG,
    facts=Facts(
        scope="write",
        query=("include_events",),
        headers=("If-Match", "If-None-Match", "Idempotency-Key"),
        body=Said,
        answer=TrackerJson,
        errors=(NOT_A_USER,),
    ),
)
async def log_message(request: AnyRequest, conversation_id: FromPath[str]) -> Response[TrackerJson]:
    """Log a user's message and the slots it fills; the bot does not act on it yet."""
    served = served_by(request)
    verbosity = query.verbosity(request, served.settings)
    said = await read_struct(request, Said)
    if said.sender != "user":
        raise RequestError(
            "currently, only user messages can be passed to this endpoint. "
            f"Messages of sender '{said.sender}' cannot be handled.",
            parameter="sender",
            where="body",
            code=NOT_A_USER,
        )
    text = said.text if said.message is None else said.message
    if text is None:
        raise RequestError(
            "there is no message in the body.",
            hint="Give it as 'text'.",
            parameter="text",
            where="body",
            code=WRONG_PARAMETER,
        )
    _check_parse_data(said.parse_data)
    name, assistant = decode_id(conversation_id), served.ready()
    incoming = Incoming(sender_id=name, text=text, parse_data=said.parse_data)
    terms = await terms_of(request, "messages", nothing_said)
    turn = served.service.operations.log_message(incoming, assistant, terms)
    outcome = await carry_out(served, name, assistant, turn)
    return Response(served.show(outcome.view, verbosity), headers=outcome.headers)


def _check_parse_data(parse_data: Mapping[str, Json] | None) -> None:
    if parse_data is None:
        return
    if "intent" not in parse_data:
        raise RequestError(
            "'parse_data' has no 'intent'.",
            parameter="parse_data",
            where="body",
            code=WRONG_PARAMETER,
        )
    convert(cast(Json, parse_data), ParseData)


API = (respond_to_query, respond, predict, predict_events, execute, log_message)
