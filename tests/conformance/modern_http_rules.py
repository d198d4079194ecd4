"""Where our answers differ from Rasa 3.6.21 on purpose. Listed in docs/compatibility.md.

Every rule looks at what kind of exchange it is, never at which one. Rules are tried in order.
"""

import re
from typing import Any
from urllib.parse import unquote

from .judging import ANYTHING, WORDS, Answer, Rule, Such
from .modern_http import Exchange

Json = Any

_JSON = {"content-type": "application/json"}
_REASONS = {
    400: ("BadRequest", "TrainingError", "TestingError"),
    401: ("NotAuthenticated",),
    404: ("NotFound",),
    405: ("MethodNotAllowed",),
}
"""What a status is called where the recorded server had no word for it."""


def _failure(status: int) -> Answer:
    body = {
        "version": "3.6.21",
        "status": "failure",
        "message": WORDS,
        "reason": Such("a reason", lambda value: value in _REASONS[status]),
        "details": Such("a place", lambda value: not value or set(value) == {"parameter", "in"}),
        "help": None,
        "code": status,
    }
    return Answer(status, body, _JSON)


def _is_page(answer: Answer) -> bool:
    return isinstance(answer.body, str) and answer.body.startswith("<!DOCTYPE html>")


def _is_frameworks(answer: Answer) -> bool:
    return _is_page(answer) or (isinstance(answer.body, dict) and "description" in answer.body)


def _reason(answer: Answer) -> str | None:
    return answer.body.get("reason") if isinstance(answer.body, dict) else None


def _no_crash(exchange: Exchange, wanted: Answer) -> Answer | None:
    broke = _is_frameworks(wanted) or _reason(wanted) in _BLAMED_ON_THE_SERVER
    return _failure(400) if wanted.status == 500 and broke else None


_BLAMED_ON_THE_SERVER = ("ConversationError", "ParsingError", "TrainingError", "TestingError")


def _json_error(exchange: Exchange, wanted: Answer) -> Answer | None:
    if wanted.status < 400 or not _is_frameworks(wanted):
        return None
    error = _failure(wanted.status)
    return Answer(error.status, error.body, {**wanted.headers, **error.headers})


def _own_words(exchange: Exchange, wanted: Answer) -> Answer | None:
    if not isinstance(wanted.body, dict) or wanted.body.get("status") != "failure":
        return None
    return Answer(wanted.status, {**wanted.body, "message": WORDS, "help": None}, wanted.headers)


def _any_accept(exchange: Exchange, wanted: Answer) -> Answer | None:
    if wanted.status != 406 or exchange.headers.get("Accept", "*/*") != "*/*":
        return None
    domain = Such(
        "a domain", lambda value: {"intents", "responses", "session_config"} <= set(value)
    )
    return Answer(200, domain, _JSON)


def _older_route(exchange: Exchange, wanted: Answer) -> Answer | None:
    if wanted.status == 404 and exchange.path.rstrip("/") == "/conversations":
        return Answer(200, Such("ids", lambda value: isinstance(value, list)), _JSON)
    return None


def _head(exchange: Exchange, wanted: Answer) -> Answer | None:
    if exchange.method != "HEAD" or wanted.status != 405:
        return None
    return Answer(200, "", {"content-type": "text/plain; charset=utf-8"})


def _methods(exchange: Exchange, wanted: Answer) -> Answer | None:
    if exchange.method == "OPTIONS":
        return Answer(wanted.status, wanted.body, {"allow": _allowing("GET")})
    if "allow" in wanted.headers:
        allow = _allowing(wanted.headers["allow"])
        return Answer(wanted.status, wanted.body, {**wanted.headers, "allow": allow})
    return None


def _allowing(method: str) -> Json:
    return Such(f"{method}, OPTIONS", lambda value: set(value.split(", ")) == {method, "OPTIONS"})


def _decoded_id(exchange: Exchange, wanted: Answer) -> Answer | None:
    if not isinstance(wanted.body, dict) or "%" not in str(wanted.body.get("sender_id")):
        return None
    name = unquote(wanted.body["sender_id"])
    return Answer(wanted.status, {**wanted.body, "sender_id": name}, wanted.headers)


def _kept_cancellation(exchange: Exchange, wanted: Answer) -> Answer | None:
    events = wanted.body.get("events") if isinstance(wanted.body, dict) else None
    if not any(event["event"] == "cancel_reminder" for event in events or ()):
        return None
    shown = [_cancelling(each) if each["event"] == "cancel_reminder" else each for each in events]
    return Answer(wanted.status, {**wanted.body, "events": shown}, wanted.headers)


def _cancelling(event: dict[str, Json]) -> Json:
    """Return what equals this event, whatever it cancels."""

    def is_such(value: Json) -> bool:
        rest = {key: each for key, each in value.items() if key not in _CANCELLED}
        return rest == event

    return Such("a cancelled reminder", is_such)


_CANCELLED = ("name", "intent", "entities")


def _after_executing(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect the tracker as it is after the action; the recorded one is the one before."""
    if not exchange.bare_path.endswith("/execute") or wanted.status != 200:
        return None
    name = exchange.body["name"]
    tracker = dict(wanted.body["tracker"])
    events = tracker["events"]
    done = {"latest_action_name": name, "latest_action": {"action_name": name}}

    def has_done(value: Json) -> bool:
        ran = value[len(events) :]
        return value[: len(events)] == events and bool(ran) and ran[0].get("name") == name

    if events is not None:
        done["events"] = Such(f"the log with {name}", has_done)
    return Answer(200, {**wanted.body, "tracker": {**tracker, **done}}, wanted.headers)


def _seen_in_training(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect what memory predicts to count; the recorded server compares other names of it."""
    fraction = "in_training_data_fraction"
    if exchange.bare_path != "/model/test/stories" or wanted.status != 200:
        return None
    by = [each["policy"] for each in wanted.body["actions"]]
    seen = [name in ("MemoizationPolicy", "RulePolicy") for name in by]
    share = round(sum(seen) / len(seen), 4) if seen else 0.0
    return Answer(200, {**wanted.body, fraction: share}, wanted.headers)


def _one_intent(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect an evaluation of a single intent, which the recorded server leaves out."""
    is_test = exchange.bare_path == "/model/test/intents" and wanted.status == 200
    if not is_test or wanted.body["intent_evaluation"] is not None:
        return None
    whole = Such("an evaluation", lambda value: bool(value["predictions"]))
    return Answer(200, {**wanted.body, "intent_evaluation": whole}, wanted.headers)


def _cross_validation(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect as much as without folds; the recorded server leaves out predictions and figures."""
    if "cross_validation_folds=" not in exchange.path or wanted.status != 200:
        return None
    texts = {each["text"] for each in wanted.body["intent_evaluation"]["errors"]}
    whole = Such(
        f"an evaluation of {texts}",
        lambda value: {each["text"] for each in value["predictions"]} == texts,
    )
    body = {
        "intent_evaluation": whole,
        "entity_evaluation": None,
        "response_selection_evaluation": None,
    }
    return Answer(200, body, wanted.headers)


def _no_intent(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect that no intent has the name null among the mistakes, and a word in tables."""
    if exchange.bare_path != "/model/test/intents" or "intent_evaluation" not in wanted.body:
        return None
    found = wanted.body["intent_evaluation"] or {}
    return Answer(
        wanted.status,
        {**wanted.body, "intent_evaluation": _with_word(found)},
        wanted.headers,
    )


def _with_word(found: Json) -> Json:
    if isinstance(found, list):
        return [_with_word(each) for each in found]
    if not isinstance(found, dict):
        return found
    if set(found) == {"name", "confidence"}:
        return {**found, "name": found["name"] or None}
    return {key or _NO_INTENT: _with_word(each) for key, each in found.items()}


_NO_INTENT = "None"


def _kept_conversation(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect that a conversation outlives the exchange of the model."""
    if exchange.note != "old conversation kept?":
        return None
    longer = Such("more than a session start", lambda value: len(value["events"]) > 3)
    return Answer(200, longer, wanted.headers)


def _any_text(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect an answer where the text came under its name of 0.14."""
    is_parse = exchange.bare_path == "/model/parse" and wanted.status == 500
    if not is_parse or not isinstance(exchange.body, dict) or "q" not in exchange.body:
        return None
    text = exchange.body["q"]
    return Answer(200, Such(f"about {text}", lambda value: value["text"] == text), _JSON)


def _no_login(exchange: Exchange, wanted: Answer) -> Answer | None:
    return _failure(404) if re.match(r"/auth(/|\?|$)", exchange.path) else None


def _refused(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect a credential that cannot be read to be refused like any other."""
    if "Authorization" not in exchange.headers or wanted.status not in (400, 500):
        return None
    return _failure(401)


def _bearer_token(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect the token to count in the header as well, where the API asks for one."""
    if exchange.note != "token header" or wanted.status != 401:
        return None
    if exchange.path == "/domain":
        return Answer(406, ANYTHING)
    return Answer(200, Such("no error", lambda value: "error_code" not in value), ANYTHING)


BEARER_TOKEN = Rule(
    "bearer-token", "`Authorization: Bearer` may carry the token of --auth-token", _bearer_token
)


def _another_session(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect the same words about a session of another name, to which clients of 2.x are let."""
    if exchange.bare_path != "/socket.io/":
        return None
    if wanted.status == 200:
        opening = Such("the same opening", lambda body: _unnamed(body) == _unnamed(wanted.body))
        return Answer(200, opening, wanted.headers)
    if "EIO=3" not in exchange.path:
        return None
    opening = Such("an opening", lambda body: re.match(r'\d+:0\{"sid":"', body) is not None)
    return Answer(200, opening, {"content-type": "text/plain; charset=UTF-8"})


def _unnamed(opening: Json) -> Json:
    return re.sub(r'"sid":"[\w-]{20}"', "", opening) if isinstance(opening, str) else opening


RULES = (
    Rule(
        "sessions", "a session has a name of its own, and clients of 2.x get one", _another_session
    ),
    Rule("accept-anything", "`Accept: */*`, which curl sends, gets JSON, not 406", _any_accept),
    Rule("older-routes", "/conversations of 0.x is there", _older_route),
    Rule("head", "HEAD is answered where GET is", _head),
    Rule("decoded-ids", "an id is what the address means, not how it is written", _decoded_id),
    Rule("kept-cancellation", "a cancelled reminder keeps its name", _kept_cancellation),
    Rule("executed", "the tracker of /execute is the one after the action", _after_executing),
    Rule("seen", "what memory and rules predict was seen in training", _seen_in_training),
    Rule("one-intent", "intents are tested although there is only one", _one_intent),
    Rule("no-intent", "no intent is null, and has a word in tables", _no_intent),
    Rule("folds", "a test in folds tells as much as one without", _cross_validation),
    Rule("kept", "a conversation is kept when the model is exchanged", _kept_conversation),
    Rule("q", "/model/parse takes `q` of 0.14 as well", _any_text),
    Rule("no-login", "/auth, a by-product of a library, is not there", _no_login),
    Rule("refused", "a credential that cannot be read is 401", _refused),
    Rule("no-crash", "bad input is 400 and not a crash", _no_crash),
    Rule("json-errors", "errors have the API's JSON body", _json_error),
    Rule("methods", "a route also names OPTIONS among its methods", _methods),
    Rule("own-words", "errors are explained in other words", _own_words),
)


_ANY_PAGE = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "filename",
}


def _every_answer(exchange: Exchange, wanted: Answer) -> Answer | None:
    return None if wanted.headers else Answer(0, "", _ANY_PAGE)


def _no_credentials(exchange: Exchange, wanted: Answer) -> Answer | None:
    """Expect any page to be allowed without naming it, and preflights to say how to ask."""
    if "access-control-allow-credentials" not in wanted.headers:
        return None
    asked = exchange.method == "OPTIONS"
    methods = "DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT"
    more = {"access-control-allow-methods": methods} if asked else {}
    return Answer(0, "", {**_ANY_PAGE, **more})


CORS_RULES = (
    Rule("errors-too", "errors can be read by pages of other origins, too", _every_answer),
    Rule("no-credentials", "with `*` no page may speak in the user's name", _no_credentials),
)
