"""A model server is asked as the manual says, and nothing that it sends is believed."""

from collections.abc import AsyncGenerator, Callable
from typing import Any

import httpx2
import pytest

from tertulia.adapters.remote.models import HttpModelServer
from tertulia.base.errors import ModelServerError
from tertulia.base.secret import Secret
from tertulia.model.content import Limits
from tertulia.schema.endpoints import BasicAuth, ModelEndpoint

URL = "http://models.example/bot@latest"


async def sent(data: bytes) -> AsyncGenerator[bytes]:
    yield data


def server(
    answer: Callable[[httpx2.Request], httpx2.Response] | httpx2.Response,
    *,
    limits: Limits | None = None,
    **options: Any,
) -> HttpModelServer:
    endpoint = ModelEndpoint(url=URL, **options)

    def handler(request: httpx2.Request) -> httpx2.Response:
        return answer(request) if callable(answer) else answer

    return HttpModelServer(endpoint, limits=limits, transport=httpx2.MockTransport(handler))


async def test_a_model_comes_with_its_tag_and_name() -> None:
    headers = {"ETag": "h1", "filename": "my-bot.tar.gz"}
    pulled = await server(httpx2.Response(200, content=sent(b"model"), headers=headers)).pull(None)
    assert pulled is not None
    assert (pulled.tag, pulled.packed.name, pulled.packed.data) == ("h1", "my-bot.tar.gz", b"model")


@pytest.mark.parametrize("status", [204, 304, 404])
@pytest.mark.parametrize("headers", [{}, {"ETag": "h2"}])
async def test_nothing_new_is_no_model_whatever_tag_comes_along(
    status: int, headers: dict[str, str]
) -> None:
    assert await server(httpx2.Response(status, headers=headers)).pull("h1") is None


@pytest.mark.parametrize("status", [201, 206, 301, 302, 400, 401, 403, 500, 503])
async def test_every_other_answer_is_an_error(status: int) -> None:
    answer = httpx2.Response(status, headers={"Location": "http://evil/", "ETag": "x"})
    with pytest.raises(ModelServerError, match=str(status)):
        await server(answer).pull(None)


async def test_a_model_without_a_tag_is_not_used() -> None:
    with pytest.raises(ModelServerError, match="ETag"):
        await server(httpx2.Response(200, content=sent(b"model"))).pull(None)


async def test_no_more_is_read_than_a_model_may_have() -> None:
    answer = httpx2.Response(200, content=sent(bytes(101)), headers={"ETag": "h"})
    with pytest.raises(ModelServerError, match="100"):
        await server(answer, limits=Limits(total_bytes=100)).pull(None)


async def test_a_body_is_not_unpacked_by_the_client() -> None:
    headers = {"ETag": "h", "Content-Encoding": "gzip"}
    pulled = await server(httpx2.Response(200, content=sent(b"\x1f\x8b..."), headers=headers)).pull(
        None
    )
    assert pulled is not None
    assert pulled.packed.data == b"\x1f\x8b..."


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("model_v2.tar.gz", "model_v2.tar.gz"),
        ("../../etc/cron.d/x", "x"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\x.zip", "x.zip"),
        ("..", "model.tar.gz"),
        (".bashrc", "model.tar.gz"),
        ("", "model.tar.gz"),
        ("a" * 200, "model.tar.gz"),
        ("a b<script>", "model.tar.gz"),
    ],
)
async def test_a_name_is_plain_or_the_usual_one(given: str, name: str) -> None:
    headers = {"ETag": "h", "filename": given}
    pulled = await server(httpx2.Response(200, content=sent(b"m"), headers=headers)).pull(None)
    assert pulled is not None
    assert pulled.packed.name == name


async def test_a_request_carries_tag_token_parameters_headers_and_credentials() -> None:
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(304)

    source = server(
        answer,
        params={"a": "1"},
        headers={"X-Y": Secret("z")},
        token=Secret("tt"),
        basic_auth=BasicAuth(username="u", password=Secret("p")),
    )
    await source.pull("h1")
    await source.pull(None)
    request = seen[0]
    assert (request.method, str(request.url)) == ("GET", f"{URL}?a=1&token=tt")
    assert request.headers["If-None-Match"] == "h1"
    assert request.headers["X-Y"] == "z"
    assert request.headers["Authorization"] == "Basic dTpw"
    assert len(seen[1].headers["If-None-Match"]) == 32


async def test_a_server_that_cannot_be_reached_is_an_error_without_its_token() -> None:
    def answer(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused", request=request)

    with pytest.raises(ModelServerError) as caught:
        await server(answer, token=Secret("hidden")).pull(None)
    assert "models.example" in str(caught.value)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("written", "wait"), [(10.0, 10.0), (0.5, 0.5), (0.0, None), (None, None), ("None", None)]
)
def test_the_pause_between_pulls_is_seconds_or_none(written: Any, wait: float | None) -> None:
    assert ModelEndpoint(url=URL, wait_time_between_pulls=written).wait == wait
