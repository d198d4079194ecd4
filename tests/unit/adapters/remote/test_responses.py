"""A response server's answers, good and bad."""

import json
from typing import Any

import httpx2
import pytest

from tertulia.adapters.remote.responses import HttpResponseServer
from tertulia.base.errors import ResponseServerError
from tertulia.core.ports import ResponseWriter
from tertulia.schema.endpoints import ResponseEndpoint

from .conftest import Handler, always, connect, never

ENDPOINT = ResponseEndpoint(url="http://other.example/nlg")


async def worded(handler: Handler) -> dict[str, Any] | None:
    server = HttpResponseServer(ENDPOINT, client=connect(handler, ENDPOINT))
    try:
        return await server.write({"response": "utter_x"})
    finally:
        await server.close()


async def failure(handler: Handler) -> ResponseServerError:
    with pytest.raises(ResponseServerError) as caught:
        await worded(handler)
    return caught.value


def test_it_is_a_response_writer() -> None:
    assert isinstance(HttpResponseServer(ENDPOINT), ResponseWriter)


async def test_the_content_is_returned_with_keys_of_its_own() -> None:
    content = {"text": "hello", "buttons": [{"title": "a"}], "mood": "good"}
    assert await worded(always(200, json.dumps(content).encode())) == content


@pytest.mark.parametrize("content", [b"", b"null"])
async def test_nothing_is_to_be_said(content: bytes) -> None:
    assert await worded(always(200, content)) is None


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500])
async def test_every_other_status_is_a_failure(status: int) -> None:
    assert f"status {status}" in (await failure(always(status, b"{}"))).message


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b'"hello"',
        b'{"text": 1}',
        b'{"buttons": {}}',
        b'{"attachment": "a string"}',
        b'{"custom": []}',
        b'{"text": ' + b"[" * 200_000,
    ],
    ids=range(8),
)
async def test_an_answer_of_another_shape_is_a_failure(content: bytes) -> None:
    assert "wrong shape" in (await failure(always(200, content))).message


@pytest.mark.parametrize("error", [httpx2.ConnectError("refused"), httpx2.ReadTimeout("late")])
async def test_a_server_that_does_not_answer_is_a_failure(error: Exception) -> None:
    assert type(error).__name__ in (await failure(never(error))).message
