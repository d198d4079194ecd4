"""Where our answers differ from Rasa Core 0.13.8 on purpose. Listed in docs/compatibility.md.

Every rule looks at what kind of exchange it is, never at which one. Rules are tried in order.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from .judging import ANYTHING, WORDS, Answer, Such
from .legacy_evaluations import LEARNED, STATED_INTENTS
from .legacy_replay import Exchange, LegacyRule, Past

Json = Any

_NEWER_EVENTS = ("cancel_reminder",)
_STANDARD = "action_default_ask_rephrase"
JSON_TYPE = {"content-type": "application/json"}
_ERROR: dict[str, Json] = {
    "version": "0.13.8",
    "status": "failure",
    "message": WORDS,
    "help": None,
}
_REASONS = {
    400: ("InvalidParameter", "BadRequest"),
    401: ("NotAuthenticated",),
    403: ("NotAuthorized",),
    404: ("NotFound", "InvalidParameter"),
    405: ("MethodNotAllowed",),
}
"""What a status may be called where the recorded server had no word for it."""


def failure(status: int, **known: Json) -> Answer:
    reason = Such("a reason", lambda value: value in _REASONS[status])
    place = Such("a place", lambda value: not value or set(value) == {"parameter", "in"})
    body = {**_ERROR, "code": status, "reason": reason, "details": place, **known}
    return Answer(status, body, JSON_TYPE)


def _is_html(answer: Answer) -> bool:
    return isinstance(answer.body, str) and answer.body.startswith("<!DOCTYPE HTML")


def _is_failure(answer: Answer) -> bool:
    return isinstance(answer.body, dict) and answer.body.get("status") == "failure"


def _bare_path(exchange: Exchange) -> str:
    return exchange.path.partition("?")[0]


def _any_accept(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    accept = exchange.request["headers"].get("Accept", "")
    if wanted.status == 406 and "*/*" in accept:
        return Answer(200, past.domain, JSON_TYPE)
    return None


def _newer_input(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Accept what later releases accept: only where the recorded server broke down."""
    if wanted.status != 500:
        return None
    body, path = exchange.body, _bare_path(exchange)
    if exchange.method == "POST" and path.endswith("/events"):
        is_newer = isinstance(body, list) or (isinstance(body, dict) and _is_newer(body))
        posted = body if isinstance(body, list) else [body]
        return Answer(200, _log_ending_with(posted), JSON_TYPE) if is_newer else None
    if path == "/predict" and body == []:
        return Answer(
            200, {"scores": ANYTHING, "policy": ANYTHING, "tracker": _log_of([])}, JSON_TYPE
        )
    if exchange.request["headers"].get("Content-Type") == "text/plain" and path.endswith(
        "/webhook"
    ):
        return Answer(200, _said_to(body["sender"]), JSON_TYPE)
    return None


def _log_of(events: list[Json]) -> Json:
    return Such("a new conversation", lambda value: value["events"] == events)


def _log_ending_with(posted: Sequence[Mapping[str, Json]]) -> Json:
    """Return what equals a tracker whose newest events are these, each with what it said."""

    def ends(value: Json) -> bool:
        newest = value["events"][-len(posted) :]
        return len(newest) == len(posted) and all(
            logged.get(key) == value
            for event, logged in zip(posted, newest, strict=True)
            for key, value in event.items()
            if key != "timestamp"
        )

    return Such(f"a log ending with {posted}", ends)


def _said_to(sender: str) -> Json:
    def is_said(value: Json) -> bool:
        return bool(value) and all(each["recipient_id"] == sender for each in value)

    return Such(f"messages to {sender}", is_said)


def _is_newer(event: Mapping[str, Json]) -> bool:
    parsed = event.get("parse_data")
    is_short = isinstance(parsed, dict) and "intent" in parsed and "entities" not in parsed
    return event.get("event") in _NEWER_EVENTS or is_short


def _newer_route(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    path = _bare_path(exchange)
    if wanted.status == 404 and path == "/parse":
        return failure(400)
    if wanted.status in (404, 308) and exchange.method == "GET" and path in _OTHER_SLASH:
        return Answer(200, _OTHER_SLASH[path], JSON_TYPE)
    return None


_OTHER_SLASH: Mapping[str, Json] = {
    "/conversations/": Such("ids", lambda value: isinstance(value, list)),
    "/webhooks/rest": {"status": "ok"},
}
"""What paths answer with a slash more or less than the recorded server wanted."""


def _whole_answer(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect an answer of an NLU server to count although it leaves the entities out."""
    if exchange.note != "nlu answers noent" or wanted.status != 500:
        return None
    return Answer(200, [], JSON_TYPE)  # the stories do not have this message a second time


def _taught(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect a conversation to be taught; the recorded server can only before it has a model."""
    reason = wanted.body.get("reason") if isinstance(wanted.body, dict) else None
    is_lesson = _bare_path(exchange) == "/finetune" and isinstance(exchange.body, list)
    if not is_lesson or wanted.status != 500 or reason != "TrainingException":
        return None
    return Answer(204, "", {})


def _unknown_action(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect a test with an action that the domain does not have to be refused."""
    actions = wanted.body.get("actions", ()) if isinstance(wanted.body, dict) else ()
    if _bare_path(exchange) != "/evaluate" or wanted.status != 200:
        return None
    known = {"action_listen", *past.domain["actions"]}
    if {each["action"] for each in actions} <= known:
        return None
    return failure(400, reason="FailedEvaluation")


def _no_crash(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    if wanted.status != 500 or _is_crash_of_authentication(wanted):
        return None
    if _is_html(wanted):
        return failure(400)
    reason = wanted.body["reason"]
    if reason == "PredictionException":
        return None
    return failure(400, **({"reason": reason} if reason == "NotSupported" else {}))


def _is_crash_of_authentication(answer: Answer) -> bool:
    return answer.status == 500 and answer.body == "Internal Server Error"


def _refused(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect our error body for every credential, and 401 for one that cannot be read."""
    if isinstance(wanted.body, dict) and "msg" in wanted.body:
        return failure(401)
    return failure(403) if _is_crash_of_authentication(wanted) else None


def _bearer_token(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    sent = exchange.request["headers"].get("Authorization")
    if wanted.status != 401 or exchange.path != "/conversations" or sent is None:
        return None
    return Answer(200, Such("ids", lambda value: isinstance(value, list)), JSON_TYPE)


def _any_case(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect the token to be read whatever the case of its scheme (RFC 9110, section 11.1)."""
    sent = exchange.request["headers"].get("Authorization", "")
    if wanted.status != 422 or not sent.startswith("bearer "):
        return None
    return Answer(200, Such("no error", lambda value: "reason" not in value), JSON_TYPE)


def _preflight(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    if exchange.method != "OPTIONS":
        return None
    return Answer(200, "", {})  # without a body there is no type of it


def _story_as_text(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    if not _bare_path(exchange).endswith("/story") or wanted.status != 200:
        return None
    return Answer(200, wanted.body, {"content-type": "text/plain; charset=utf-8"})


def _nameless(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    event = exchange.body
    if wanted.status != 200 or not isinstance(event, dict) or "event" not in event:
        return None
    nameless = event["event"] in ("slot", "action") and "name" not in event
    internal = event["event"] == "wrong_action"
    untimed = isinstance(event.get("timestamp", 0), str) and event["timestamp"] != "<TS>"
    return failure(400) if nameless or internal or untimed else None


def _json_error(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    return failure(wanted.status) if _is_html(wanted) and wanted.status >= 400 else None


def _own_words(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    if not _is_failure(wanted):
        return None
    return Answer(wanted.status, {**wanted.body, "message": WORDS, "help": None}, wanted.headers)


def _action_back(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    if not isinstance(wanted.body, dict) or "scores" not in wanted.body:
        return None
    scores = wanted.body["scores"]
    if isinstance(scores, dict):
        actions = list(scores["actions"])
        actions.insert(actions.index(_STANDARD) + 1, "action_back")
        return Answer(
            wanted.status, {**wanted.body, "scores": {**scores, "actions": actions}}, wanted.headers
        )
    names = [each["action"] for each in scores]
    at = names.index(_STANDARD) + 1
    inserted = [*scores[:at], {"action": "action_back", "score": 0.0}, *scores[at:]]
    return Answer(wanted.status, {**wanted.body, "scores": inserted}, wanted.headers)


def _unborn(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    if exchange.path != "/conversations" or not isinstance(wanted.body, list):
        return None
    unborn = past.refused - past.answered
    return Answer(
        wanted.status, sorted((set(wanted.body) - unborn) | past.accepted), wanted.headers
    )


def _certain(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    body = _replaced(wanted.body, lambda figure: 1.0 if figure == _CONFIRMED else figure)
    return Answer(wanted.status, body, wanted.headers) if body != wanted.body else None


_CONFIRMED = 1.2
"""The score of the fallback policy in 0.13, which also became the confidence of an intent."""


def _replaced(body: Json, change: Callable[[float], float]) -> Json:
    """Return the JSON with the confidence of every understood intent changed."""
    if isinstance(body, list):
        return [_replaced(each, change) for each in body]
    if not isinstance(body, dict):
        return body
    changed = {key: _replaced(inner, change) for key, inner in body.items()}
    intent = changed.get("intent")
    if isinstance(intent, dict) and "confidence" in intent:
        changed["intent"] = {**intent, "confidence": change(intent["confidence"])}
    return changed


def own_reminders(exchanges: Iterable[Exchange]) -> LegacyRule:
    """Return the rule of reminders whose name another conversation uses too."""
    used: dict[str, set[str]] = defaultdict(set)
    for each in exchanges:
        for event in _events(each.answer.body):
            if event["event"] == "reminder":
                used[event["name"]].add(each.answer.body["sender_id"])

    def expect(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
        waiting = _reminders(wanted.body)
        is_later = re.match(r"\d+ s later", exchange.note)
        if not is_later or not waiting or len(used[waiting[0]["name"]]) == 1:
            return None
        return Answer(200, _after_firing(wanted.body, waiting[0]), JSON_TYPE)

    why = "a reminder replaces only those of its own conversation that have its name"
    return LegacyRule("own-reminders", why, expect)


def _events(body: Json) -> list[dict[str, Json]]:
    return (body.get("events") if isinstance(body, dict) else None) or []


def _reminders(body: Json) -> list[dict[str, Json]]:
    """Return the reminders in a log that should fire, and have not."""
    waiting: list[dict[str, Json]] = []
    for event in _events(body):
        if event["event"] in ("user", "restart"):
            waiting.clear()
        elif event["event"] == "reminder":
            waiting.append(event)
    return waiting


def _after_firing(body: dict[str, Json], reminder: dict[str, Json]) -> dict[str, Json]:
    nothing = {"intent": {}, "entities": [], "text": None}
    common = {"timestamp": "<TS>"}
    said = {"event": "user", "text": None, "parse_data": nothing, "input_channel": None, **common}
    by_nobody = {"event": "action", "policy": None, "confidence": None, **common}
    listen = {**by_nobody, "name": "action_listen", "policy": ANYTHING, "confidence": ANYTHING}
    own = [said, {**by_nobody, "name": reminder["action"]}, ANYTHING, listen]
    state = {"latest_message": nothing, "latest_input_channel": None}
    return {**body, **state, "events": [*body["events"], *own]}


BEARER_TOKEN = LegacyRule(
    "bearer-token", "`Authorization: Bearer` may carry the token of --auth-token", _bearer_token
)
RULES = (
    LegacyRule("any-case", "`bearer` is as good as `Bearer`", _any_case),
    LegacyRule("refused", "a refused credential is 401 with the API's error body", _refused),
    LegacyRule("preflight", "OPTIONS needs no credentials and has no body", _preflight),
    LegacyRule("story-as-text", "a story is text, not HTML", _story_as_text),
    LegacyRule(
        "accept-anything",
        "`Accept: */*`, which curl sends, gets the domain as JSON instead of 406",
        _any_accept,
    ),
    LegacyRule(
        "newer-input",
        "what later releases accept is accepted: lists of events, later event types, "
        "understandings without entities, JSON with any content type, no events at all",
        _newer_input,
    ),
    LegacyRule(
        "newer-routes",
        "/parse of 0.14 is there, and paths work with and without a slash at the end",
        _newer_route,
    ),
    LegacyRule("no-entities", "an NLU server may leave the entities out", _whole_answer),
    LegacyRule("taught", "/finetune teaches the model in service, which 0.13 cannot", _taught),
    LegacyRule("no-crash", "bad input is 400 and not a crash", _no_crash),
    LegacyRule(
        "spoiling-events",
        "slots and actions without a name, times that are no time, and events that only the "
        "original's own evaluation knows are refused instead of logged",
        _nameless,
    ),
    LegacyRule("json-errors", "errors have a JSON body and not an HTML page", _json_error),
    LegacyRule("own-words", "errors are explained in other words", _own_words),
    LegacyRule(
        "actions-of-0.14", "the default actions are those of 0.14, which added one", _action_back
    ),
    LegacyRule(
        "unknown-actions",
        "a test with an action that the domain does not have is refused, with the nearest name",
        _unknown_action,
    ),
    STATED_INTENTS,
    LEARNED,
    LegacyRule("unborn", "a refused message begins no conversation", _unborn),
    LegacyRule(
        "certainty-is-1",
        "an intent that the user confirmed has confidence 1.0, as from 0.14 on, not 1.2",
        _certain,
    ),
)


def _named_origin(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect every answer to name the origin if it is allowed, and none that is not."""
    origin = exchange.request["headers"].get("Origin")
    if not past.origins:
        return Answer(0, "", {})
    if origin not in past.origins:
        return Answer(0, "", {"vary": "Origin"})
    asked = exchange.request["headers"].get("Access-Control-Request-Headers")
    methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    preflight = {
        "access-control-allow-headers": asked,
        "access-control-allow-methods": methods,
    }
    allowed = {
        "access-control-allow-credentials": "true",
        "access-control-allow-origin": origin,
        "access-control-expose-headers": "filename",
        "vary": "Origin",
    }
    return Answer(0, "", {**allowed, **(preflight if asked else {})})


CORS_RULES = (
    LegacyRule(
        "named-origins",
        "every answer names the origin when it is allowed, and no answer allows another one",
        _named_origin,
    ),
)
