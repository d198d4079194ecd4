"""The one table from errors to HTTP: status and reason per profile, and the error body.

Source: spec http_api.md sections 2, 3 and 6.
"""

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from tertulia.adapters.channels.socketio.messages import NO_TEXT, WRONG_MESSAGE
from tertulia.base.errors import (
    ActionServerError,
    ChannelError,
    EventRejected,
    JobFailed,
    LockTimeout,
    NoEarlierModel,
    NothingLearns,
    PortError,
    RequestError,
    ResponseServerError,
    StoreConflict,
    StoreUnavailable,
    TertuliaError,
    TooManyJobs,
    UnknownAction,
)
from tertulia.base.problem import with_remedy
from tertulia.engine.follow import NO_FEED, TOO_MANY
from tertulia.engine.terms import CUT_OFF, KEY_REUSED, WRONG_VERSION
from tertulia.server.settings import ServerSettings

Json = Any
_log = logging.getLogger("tertulia.server")


class Answer(msgspec.Struct, frozen=True):
    """How one kind of error is answered in one profile."""

    status: int
    reason: str


class Row(msgspec.Struct, frozen=True):
    """How one kind of error is answered in both profiles."""

    legacy: Answer
    modern: Answer


def _same(status: int, reason: str) -> Row:
    return Row(Answer(status, reason), Answer(status, reason))


def _differs(legacy: tuple[int, str], modern: tuple[int, str]) -> Row:
    return Row(Answer(*legacy), Answer(*modern))


_INVALID = _differs((400, "InvalidParameter"), (400, "BadRequest"))
_NO_MODEL = _differs((503, "NoAgent"), (409, "Conflict"))
_OURS = _differs((500, "ServerError"), (500, "ServerError"))

NO_MODEL = "T410"
NO_DOMAIN = "T884"
NO_POLICIES = "T150"
MALFORMED_JSON = "T801"
BODY_TOO_LARGE = "T802"
TOO_DEEP = "T803"
WRONG_PARAMETER = "T804"
WRONG_VERBOSITY = "T805"
WRONG_EVENTS = "T806"
NOT_AUTHENTICATED = "T807"
NOT_AUTHORIZED = "T808"
NOT_ACCEPTABLE = "T809"
UNKNOWN_CONVERSATION = "T810"
NOT_A_USER = "T811"
NO_ROUTE = "T812"
NO_METHOD = "T813"
TOO_SLOW = "T814"
BUG = "T815"
UNREADABLE = "T816"
UNKNOWN_INTENT = "T818"
STOPPING = "T870"
NO_EARLIER_MODEL = NoEarlierModel.code
MODEL_NOT_LOADED = "T830"
FOREIGN_PATH = "T831"
FOREIGN_HOST = "T832"
NO_UPLOAD = "T833"
NO_REMOTE_STORAGE = "T834"
WRONG_DATA = "T835"
WRONG_DOMAIN = "T836"
CONTRADICTING_DATA = "T837"
WRONG_TEST_DATA = "T838"
NOT_TESTED = "T839"
NOTHING_LEARNS = NothingLearns.code
TOO_MANY_JOBS = TooManyJobs.code
JOB_FAILED = JobFailed.code

ID_TOO_LONG = "T850"
TOO_MANY_EVENTS = "T851"
SLOW_BODY = "T852"
TOO_BUSY = "T853"
LARGE_HEADERS = "T854"
TOO_MANY_CONNECTIONS = "T855"
QUEUE_FULL = "T608"
NO_PACKETS = "T897"
FOREIGN_ORIGIN = "T898"

BY_CODE: Mapping[str, Row] = {
    NO_MODEL: _NO_MODEL,
    NO_DOMAIN: _differs((503, "NoDomain"), (409, "Conflict")),
    NO_POLICIES: _NO_MODEL,
    MALFORMED_JSON: _INVALID,
    BODY_TOO_LARGE: _same(413, "PayloadTooLarge"),
    TOO_DEEP: _INVALID,
    WRONG_PARAMETER: _INVALID,
    WRONG_VERBOSITY: _differs((404, "InvalidParameter"), (400, "BadRequest")),
    WRONG_EVENTS: _INVALID,
    NOT_AUTHENTICATED: _same(401, "NotAuthenticated"),
    NOT_AUTHORIZED: _same(403, "NotAuthorized"),
    NOT_ACCEPTABLE: _differs((406, "InvalidHeader"), (406, "NotAcceptable")),
    UNKNOWN_CONVERSATION: _same(404, "Not found"),
    NOT_A_USER: _differs((400, "NotSupported"), (400, "BadRequest")),
    NO_ROUTE: _same(404, "NotFound"),
    NO_METHOD: _same(405, "MethodNotAllowed"),
    TOO_SLOW: _same(503, "Timeout"),
    BUG: _OURS,
    UNREADABLE: _same(400, "BadRequest"),
    NO_TEXT: _INVALID,
    UNKNOWN_INTENT: _same(404, "NotFound"),
    WRONG_VERSION: _same(412, "PreconditionFailed"),
    KEY_REUSED: _same(422, "KeyReused"),
    CUT_OFF: _same(409, "CutOff"),
    NO_FEED: _same(501, "NotSupported"),
    TOO_MANY: _same(503, "TooManyStreams"),
    ID_TOO_LONG: _INVALID,
    TOO_MANY_EVENTS: _same(413, "PayloadTooLarge"),
    SLOW_BODY: _same(408, "RequestTimeout"),
    TOO_BUSY: _same(503, "TooManyTurns"),
    LARGE_HEADERS: _same(431, "HeadersTooLarge"),
    TOO_MANY_CONNECTIONS: _same(503, "TooManyConnections"),
    QUEUE_FULL: _same(429, "TooManyRequests"),
    WRONG_MESSAGE: _INVALID,
    NO_PACKETS: _same(400, "BadRequest"),
    FOREIGN_ORIGIN: _same(403, "NotAuthorized"),
    STOPPING: _same(503, "Stopping"),
    NO_EARLIER_MODEL: _same(409, "Conflict"),
    MODEL_NOT_LOADED: _INVALID,
    FOREIGN_PATH: _INVALID,
    FOREIGN_HOST: _INVALID,
    NO_UPLOAD: _INVALID,
    NO_REMOTE_STORAGE: _INVALID,
    WRONG_DATA: _INVALID,
    WRONG_DOMAIN: _same(400, "InvalidDomainError"),
    CONTRADICTING_DATA: _same(400, "TrainingError"),
    WRONG_TEST_DATA: _differs((400, "FailedEvaluation"), (400, "BadRequest")),
    NOT_TESTED: _same(400, "TestingError"),
    NOTHING_LEARNS: _differs((400, "TrainingException"), (400, "TrainingError")),
    TOO_MANY_JOBS: _same(503, "TooManyJobs"),
    JOB_FAILED: _same(500, "TrainingError"),
}
"""By code: what a request did wrong, and what is missing to serve it."""

BY_KIND: Mapping[type[TertuliaError], Row] = {
    EventRejected: _INVALID,
    UnknownAction: _differs((500, "PredictionException"), (500, "ConversationError")),
    StoreUnavailable: _same(503, "StoreUnavailable"),
    StoreConflict: _same(503, "StoreConflict"),
    LockTimeout: _same(503, "LockTimeout"),
    ActionServerError: _same(502, "ActionServerError"),
    ResponseServerError: _same(502, "ResponseServerError"),
    ChannelError: _same(502, "ChannelError"),
    TertuliaError: _OURS,
}
"""By class, the nearest base class counts; for everything whose code is not above."""

_RETRY_AFTER = {STOPPING: "5", TOO_BUSY: "1", TOO_MANY_CONNECTIONS: "1"}
"""Seconds after which a request is worth sending again, by code; these are no faults to log."""

_BY_STATUS = {404: NO_ROUTE, 405: NO_METHOD, 413: BODY_TOO_LARGE}
_ENDS_CONNECTION = frozenset({408, 413})
"""Statuses after which the rest of the request is not waited for."""

_WORDS = {
    NO_ROUTE: "There is nothing at this address.",
    NO_METHOD: "This address does not answer this method.",
    BODY_TOO_LARGE: "The request's body is too large.",
    LARGE_HEADERS: "The request's headers are too large.",
    TOO_MANY_CONNECTIONS: "Too many connections are open; try again in a moment.",
    UNREADABLE: "The request cannot be read.",
    BUG: "The server failed; its log says why.",
}


class ErrorBody(msgspec.Struct, frozen=True):
    """The body of every error. code: the HTTP status. error_code: T and three digits."""

    version: str
    status: str
    message: str
    reason: str
    details: dict[str, Json]
    help: str | None
    code: int
    error_code: str


class Failure(msgspec.Struct, frozen=True):
    """An error ready to be sent."""

    status: int
    body: ErrorBody
    headers: Mapping[str, str] = {}


def answer_for(error: TertuliaError, settings: ServerSettings) -> Answer:
    """Return status and reason of an error."""
    row = BY_CODE.get(error.code)
    if row is None:
        row = next(BY_KIND[kind] for kind in type(error).__mro__ if kind in BY_KIND)
    return row.legacy if settings.is_legacy else row.modern


def status_of(code: str, settings: ServerSettings) -> int:
    """Return the status of a code of the table."""
    return _answer_of(code, settings).status


def failure_of(error: TertuliaError, settings: ServerSettings) -> Failure:
    """Return what to send for an error raised on purpose; what is our fault is logged."""
    answer = answer_for(error, settings)
    if answer.status >= 500 and error.code not in _RETRY_AFTER:
        _log.error("%s", error)
    details: dict[str, Json] = {}
    if isinstance(error, RequestError) and error.parameter is not None:
        details = {"parameter": error.parameter, "in": error.where}
    elif isinstance(error, EventRejected):
        details = {"parameter": "", "in": "body"}
    headers: dict[str, str] = {}
    if isinstance(error, PortError) and error.retry:
        headers["Retry-After"] = "1"
    if error.code in _RETRY_AFTER:
        headers["Retry-After"] = _RETRY_AFTER[error.code]
    if answer.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    message = with_remedy(error.message, error.hint)
    return _failure(answer, message, error.code, settings, details, headers)


def failure_of_status(
    status: int, settings: ServerSettings, headers: Mapping[str, str] | None = None
) -> Failure:
    """Return what to send when the framework refuses a request before any route runs."""
    code = _BY_STATUS.get(status, BUG if status >= 500 else UNREADABLE)
    answer = Answer(status, _answer_of(code, settings).reason)
    return _failure(answer, _WORDS[code], code, settings, {}, headers or {})


def failure_of_code(
    code: str, settings: ServerSettings, headers: Mapping[str, str] | None = None
) -> Failure:
    """Return what to send when a request is refused before there is one to speak of."""
    return _failure(_answer_of(code, settings), _WORDS[code], code, settings, {}, headers or {})


def _answer_of(code: str, settings: ServerSettings) -> Answer:
    row = BY_CODE[code]
    return row.legacy if settings.is_legacy else row.modern


def failure_of_bug(settings: ServerSettings) -> Failure:
    """Return what to send for an error nobody foresaw."""
    return failure_of_status(500, settings)


def _failure(
    answer: Answer,
    message: str,
    code: str,
    settings: ServerSettings,
    details: dict[str, Json],
    headers: Mapping[str, str],
) -> Failure:
    body = ErrorBody(
        version=settings.versions.version,
        status="failure",
        message=message[:1].upper() + message[1:],
        reason=answer.reason,
        details=details,
        help=None,
        code=answer.status,
        error_code=code,
    )
    if answer.status in _ENDS_CONNECTION:
        headers = {**headers, "Connection": "close"}
    return Failure(answer.status, body, headers)
