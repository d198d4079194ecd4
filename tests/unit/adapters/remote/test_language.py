"""An NLU server is asked as its generation wants it, and its answers count, good and bad."""

import json
from typing import Any

import httpx2
import pytest

from tertulia.adapters.remote.language import HttpLanguageServer
from tertulia.base.errors import LanguageServerError
from tertulia.base.secret import Secret
from tertulia.core.domain.model import Generation
from tertulia.core.ports import LanguageServer
from tertulia.core.understanding import Understanding
from tertulia.schema.endpoints import BasicAuth, LanguageEndpoint

from .conftest import Handler, always, never

ENDPOINT = LanguageEndpoint(url="http://nlu.example/base/")
ANSWER: dict[str, Any] = {
    "intent": {"name": "greet", "confidence": 0.9, "id": 7},
    "entities": [{"entity": "city", "value": "Rome"}],
    "intent_ranking": [{"name": "greet", "confidence": 0.9}],
    "text": "hi",
    "project": "p",
}


async def understood(
    handler: Handler,
    endpoint: LanguageEndpoint = ENDPOINT,
    generation: Generation = Generation.MODERN,
) -> Understanding:
    server = HttpLanguageServer(endpoint, transport=httpx2.MockTransport(handler))
    try:
        return await server.understand("hi & bye", "m1", generation)
    finally:
        await server.close()


async def asked(endpoint: LanguageEndpoint, generation: Generation) -> httpx2.Request:
    """Return what the server is asked."""
    requests: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        requests.append(request)
        return httpx2.Response(200, json=ANSWER)

    await understood(answer, endpoint, generation)
    return requests[0]


def test_it_is_a_language_server() -> None:
    assert isinstance(HttpLanguageServer(ENDPOINT), LanguageServer)


async def test_a_server_of_0x_is_asked_with_a_query() -> None:
    endpoint = LanguageEndpoint(
        url="http://nlu.example", token=Secret("s"), token_name="tk", project="p", model="m"
    )
    request = await asked(endpoint, Generation.LEGACY)
    assert request.method == "GET"
    assert request.url.path == "/parse"
    assert dict(request.url.params) == {
        "tk": "s",
        "project": "p",
        "model": "m",
        "q": "hi & bye",
        "message_id": "m1",
    }


async def test_project_and_model_are_left_out_when_nobody_names_them() -> None:
    request = await asked(LanguageEndpoint(url="http://nlu.example"), Generation.LEGACY)
    assert set(request.url.params) == {"q", "message_id"}


async def test_a_later_server_is_asked_with_a_body_and_gets_the_token_where_it_looks_for_it() -> (
    None
):
    endpoint = LanguageEndpoint(url="http://nlu.example", token=Secret("s"))
    request = await asked(endpoint, Generation.MODERN)
    assert (request.method, request.url.path) == ("POST", "/model/parse")
    assert dict(request.url.params) == {"token": "s"}
    assert json.loads(request.content) == {"token": "s", "text": "hi & bye", "message_id": "m1"}


@pytest.mark.parametrize(("kind", "path"), [("0.x", "/base/parse"), ("1.x", "/base/model/parse")])
@pytest.mark.parametrize("generation", list(Generation))
async def test_its_generation_can_be_named(kind: Any, path: str, generation: Generation) -> None:
    endpoint = LanguageEndpoint(url="http://nlu.example/base/", type=kind)
    assert (await asked(endpoint, generation)).url.path == path


async def test_headers_credentials_and_parameters_are_sent() -> None:
    endpoint = LanguageEndpoint(
        url="http://nlu.example",
        headers={"X-Bot": Secret("b")},
        params={"lang": "en"},
        basic_auth=BasicAuth("u", Secret("p")),
    )
    request = await asked(endpoint, Generation.LEGACY)
    assert request.headers["X-Bot"] == "b"
    assert request.headers["Authorization"].startswith("Basic ")
    assert request.url.params["lang"] == "en"


async def test_the_answer_is_kept_as_it_came() -> None:
    found = await understood(always(200, json.dumps(ANSWER).encode()))
    assert found.as_dict() == ANSWER
    assert found.intent.name == "greet"
    assert found.entities[0]["value"] == "Rome"


async def test_entities_and_text_may_be_left_out() -> None:
    found = await understood(always(200, b'{"intent": {"name": "greet"}}'))
    assert found.as_dict()["entities"] == []
    assert found.as_dict()["text"] == "hi & bye"


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"{}", b"[]", b"no", b'{"intent": 5}', b'{"intent": {}, "entities": {}}'],
)
async def test_an_answer_of_a_wrong_shape_is_a_failure(content: bytes) -> None:
    with pytest.raises(LanguageServerError, match="wrong shape"):
        await understood(always(200, content))


@pytest.mark.parametrize("status", [301, 401, 404, 500])
async def test_every_other_status_is_a_failure(status: int) -> None:
    with pytest.raises(LanguageServerError, match=f"status {status}"):
        await understood(always(status, b"{}"))


async def test_no_answer_is_a_failure() -> None:
    with pytest.raises(LanguageServerError, match="did not answer") as caught:
        await understood(never(httpx2.ConnectError("refused")))
    assert caught.value.code == "T607"
