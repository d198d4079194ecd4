"""The description of the API, OpenAPI 3.1: generated from the routes and what they declare.

Rule: nothing is described that a route does not declare, and statuses come from the error table,
so the description is that of the profile served.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.routes import HTTPRoute

from tertulia.server.access import needed
from tertulia.server.declare import Facts, facts_of
from tertulia.server.errors import ErrorBody, status_of
from tertulia.server.header_facts import HEADERS, sent, sent_with_error, sent_with_success
from tertulia.server.settings import ServerSettings

Json = Any
Document = dict[str, Json]

_DESCRIPTION = "A dialogue server. Conversations are kept as events; a turn adds to them."
_REFERENCE = "#/components/schemas/{name}"

QUERY: Mapping[str, tuple[str, str]] = {
    "include_events": (
        "string",
        "Which events to show: ALL, APPLIED, AFTER_RESTART (the default) or NONE.",
    ),
    "include_trace": ("boolean", "`true` says with each action why it was chosen, as `trace`."),
    "until": ("number", "Only events up to this time, in Unix seconds."),
    "events": ("boolean", "`false` shows no events (legacy)."),
    "ignore_restarts": ("boolean", "`true` shows all events (legacy)."),
    "all_sessions": ("boolean", "`true` tells every session, not only the last one."),
    "output_channel": ("string", "Channel to say messages on, or `latest`."),
    "execute_side_effects": (
        "boolean",
        "`true` says the `bot` events on the output channel and schedules reminders.",
    ),
    "query": ("string", "The message."),
    "q": ("string", "The message, in short."),
    "emulation_mode": ("string", "Shape of another service: WIT, LUIS or DIALOGFLOW."),
    "stream": (
        "boolean",
        "`true` answers with one JSON object a line, each at once.",
    ),
    "callback_url": ("string", "Answers 204 at once, and posts the result to this address."),
    "save_to_default_model_directory": ("boolean", "`false` keeps no model on the server."),
    "force_training": ("boolean", "`true` learns everything again."),
    "augmentation": ("integer", "How many stories are joined at random to longer ones."),
    "epochs": ("integer", "The most passes over what is taught."),
    "batch_size": ("integer", "Taken and not looked at: one conversation is one batch."),
    "num_threads": ("integer", "Taken and not looked at: one thread is used."),
    "cross_validation_folds": (
        "integer",
        "Trains on the examples of the body, and tests each part by what learned from the others.",
    ),
    "model": ("string", "Tests this model, a path below the folders of models."),
    "e2e": ("boolean", "`true` compares what is understood of the messages, too."),
    "token": ("string", "Taken and not looked at."),
    "after": ("integer", "What follows this number, or this position."),
    "limit": ("integer", "How much to show at the most."),
    "format": ("string", "`json` (the default), or `lines` for one JSON object a line."),
}
"""JSON type and meaning of every query parameter."""


def document_of(app: Litestar, settings: ServerSettings) -> bytes:
    """Return the document of an application's `state.handlers` as JSON; built once."""
    found = cast("bytes | None", app.state.get("openapi"))
    if found is None:
        found = msgspec.json.encode(build(app.state["handlers"], settings))
        app.state["openapi"] = found
    return found


def build(handlers: Sequence[HTTPRouteHandler], settings: ServerSettings) -> Document:
    """Return the document of these routes."""
    # An application of its own writes the skeleton: the one that serves shall have no routes of
    # the framework's documentation.
    skeleton = Litestar(
        route_handlers=handlers,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Tertulia",
            version=settings.versions.version,
            description=_DESCRIPTION,
            use_handler_docstrings=True,
        ),
    )
    document: Document = skeleton.openapi_schema.to_schema()
    declared = _declared(skeleton)
    kinds = _kinds(list(declared.values()))
    schemas, components = msgspec.json.schema_components(kinds, ref_template=_REFERENCE)
    by_kind = dict(zip(map(repr, kinds), schemas, strict=True))
    for (path, method), facts in declared.items():
        _complete(document["paths"][path][method.lower()], facts, by_kind, settings)
    document["components"] = {"schemas": components, "securitySchemes": _schemes(settings)}
    return document


def _declared(app: Litestar) -> dict[tuple[str, str], Facts]:
    """Return what routes declare, by path and method."""
    found: dict[tuple[str, str], Facts] = {}
    for route in app.routes:
        if not isinstance(route, HTTPRoute):
            continue
        for handler in route.route_handlers:
            facts = facts_of(handler)
            if facts is not None:
                for method in handler.http_methods:
                    found[route.path_format, str(method)] = facts
    return found


def _kinds(facts: list[Facts]) -> list[Any]:
    listed = [ErrorBody, *(each.body for each in facts), *(each.answer for each in facts)]
    unique = {repr(kind): kind for kind in listed if kind is not None}
    return list(unique.values())


def _complete(
    operation: Document, facts: Facts, schemas: Mapping[str, Document], settings: ServerSettings
) -> None:
    parameters: list[Document] = operation.setdefault("parameters", [])
    for name in facts.query:
        kind, meaning = QUERY[name]
        parameters.append(
            {"name": name, "in": "query", "description": meaning, "schema": {"type": kind}}
        )
    for name in facts.headers:
        kind, meaning = HEADERS[name]
        parameters.append(
            {"name": name, "in": "header", "description": meaning, "schema": {"type": kind}}
        )
    if not parameters:
        del operation["parameters"]
    bodies = _bodies(facts, schemas)
    if bodies:
        operation["requestBody"] = {"required": True, "content": bodies}
    if _asks(facts, settings):
        # What 3.1 calls role names: not those of a scheme, but what the caller must be granted.
        schemes = _schemes(settings)
        operation["security"] = [{name: [needed(facts.scope)]} for name in schemes] or [{}]
    responses = _successes(facts, schemas)
    error = {"application/json": {"schema": schemas[repr(ErrorBody)]}}
    for status in sorted({status_of(code, settings) for code in facts.all_errors()}):
        refused = {"description": "An error.", "content": error, **sent(sent_with_error(status))}
        responses.setdefault(str(status), refused)
    operation["responses"] = responses


def _asks(facts: Facts, settings: ServerSettings) -> bool:
    return settings.protect_channels if facts.scope == "channel" else facts.scope != "open"


def _bodies(facts: Facts, schemas: Mapping[str, Document]) -> Document:
    bodies: Document = {media: {"schema": schema} for media, schema in facts.bodies}
    if facts.body is not None:
        bodies["application/json"] = {"schema": schemas[repr(facts.body)]}
    return bodies


def _successes(facts: Facts, schemas: Mapping[str, Document]) -> Document:
    schema: Document = {"type": "string"} if facts.answer is None else schemas[repr(facts.answer)]
    media = {kind.partition(";")[0]: {"schema": schema} for kind in facts.media_types}
    empty = (204, 304)
    return {
        str(status): {"description": "Success.", **sent(sent_with_success(facts, status))}
        | ({} if status in empty else {"content": media})
        for status in facts.statuses
    }


def _schemes(settings: ServerSettings) -> Document:
    schemes: Document = {}
    if settings.auth_token is not None or settings.api_keys:
        schemes["token"] = {"type": "apiKey", "in": "query", "name": "token"}
        schemes["bearer"] = {"type": "http", "scheme": "bearer"}
    if settings.checks_claims:
        schemes["jwt"] = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return schemes
