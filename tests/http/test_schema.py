"""The document against the server: it is valid, covers every route, and every answer is in it.

Requests are made up by Schemathesis, the same ones in every run.
"""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from litestar import Litestar
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.http.conftest import Client, Profile
from tests.http.serving import served

from tertulia.server.declare import facts_of

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
EXAMPLES = 12
"""Requests of each operation."""

UNENDING = {"text/event-stream"}
"""Answers of these types go on until a client leaves; they have tests of their own."""


def test_the_document_is_valid_openapi_3_1(client: Client) -> None:
    OpenAPIV31SpecValidator(json.loads(json.dumps(client.document))).validate()


def test_every_route_is_in_the_document(client: Client) -> None:
    assert isinstance(client.app.app, Litestar)
    routes = {
        (method, route.path_format)
        for route in client.app.app.routes
        for handler in getattr(route, "route_handlers", ())
        if facts_of(handler) is not None
        for method in handler.http_methods
    }
    undescribed = {
        route.path_format
        for route in client.app.app.routes
        for handler in getattr(route, "route_handlers", ())
        if facts_of(handler) is None and handler.http_methods != {"OPTIONS"}
    }
    described = {
        (method.upper(), path) for path, item in client.document["paths"].items() for method in item
    }
    assert described == routes
    assert undescribed == {
        *("/chat", "/chat/{name}", "/docs", "/docs/{name}", "/openapi.json"),
    }


def ends(operation: Any) -> bool:
    success = operation.definition.raw["responses"].get("200", {})
    return not UNENDING & set(success.get("content", {})) or operation.method != "get"


@pytest.mark.slow
def test_no_request_gets_an_answer_that_the_document_does_not_have(profile: Profile) -> None:
    with served(profile) as (address, document, service):
        assistant = service.keeper.assistant
        schema = schemathesis.openapi.from_dict(document)
        for result in schema.get_all_operations():
            operation = result.ok()
            if ends(operation):
                # Others are asked after the one that unloads the model.
                service.keeper.assistant = assistant
                check(operation, address)


def check(operation: Any, address: str) -> None:
    """Send the operation what fits its description, and what does not."""

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=st.one_of(*(operation.as_strategy(mode) for mode in MODES)))
    def answers_as_described(case: Any) -> None:
        response = case.call(base_url=address, timeout=20)
        case.validate_response(response, checks=list(CHECKS))

    answers_as_described()
