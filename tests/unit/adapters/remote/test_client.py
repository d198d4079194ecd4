"""What goes over the line to another server, and what is made of its bytes."""

import json

import httpx2
import msgspec
import pytest

from tertulia.adapters.remote.client import EndpointClient, read_object
from tertulia.base.secret import Secret
from tertulia.schema.endpoints import BasicAuth, Endpoint

from .conftest import always, connect, never

URL = "http://other.example/webhook"


async def sent(endpoint: Endpoint) -> httpx2.Request:
    seen: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200)

    client = connect(handle, endpoint)
    await client.post({"next_action": "action_x"})
    await client.close()
    (request,) = seen
    return request


async def test_a_json_object_is_posted() -> None:
    request = await sent(Endpoint(url=URL))
    assert request.method == "POST"
    assert str(request.url) == URL
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"next_action": "action_x"}


async def test_headers_of_the_endpoint_go_along() -> None:
    request = await sent(Endpoint(url=URL, headers={"X-Key": Secret("k")}))
    assert request.headers["x-key"] == "k"


async def test_a_token_goes_as_the_named_parameter_beside_the_others() -> None:
    endpoint = Endpoint(url=URL, token=Secret("t"), token_name="key", params={"a": "b"})
    assert dict((await sent(endpoint)).url.params) == {"a": "b", "key": "t"}


async def test_name_and_password_go_as_basic_authentication() -> None:
    request = await sent(Endpoint(url=URL, basic_auth=BasicAuth("me", Secret("pass"))))
    assert request.headers["authorization"] == "Basic bWU6cGFzcw=="


async def test_status_and_body_are_returned_whatever_they_are() -> None:
    answer = await connect(always(503, b"<html>")).post({})
    assert (answer.status, answer.body) == (503, b"<html>")


class Flaky:
    """Fails a few times, then answers."""

    def __init__(self, error: Exception, times: int) -> None:
        self.calls = 0
        self._error, self._times = error, times

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.calls += 1
        if self.calls <= self._times:
            raise self._error
        return httpx2.Response(200)


@pytest.mark.parametrize("error", [httpx2.ConnectError("no"), httpx2.ConnectTimeout("no")])
async def test_a_connection_that_was_not_made_is_tried_again(error: Exception) -> None:
    server = Flaky(error, 2)
    assert (await connect(server).post({})).status == 200
    assert server.calls == 3


async def test_trying_again_ends() -> None:
    server = Flaky(httpx2.ConnectError("no"), 99)
    with pytest.raises(httpx2.ConnectError):
        await connect(server).post({})
    assert server.calls == 3


@pytest.mark.parametrize("error", [httpx2.ReadTimeout("late"), httpx2.ReadError("gone")])
async def test_a_request_that_was_sent_is_not_sent_again(error: Exception) -> None:
    server = Flaky(error, 1)
    with pytest.raises(type(error)):
        await connect(server).post({})
    assert server.calls == 1


class Endless(httpx2.AsyncByteStream):
    """A body that does not end. taken: bytes that were asked for."""

    taken = 0

    async def __aiter__(self):
        while True:
            self.taken += 1024 * 1024
            yield b" " * 1024 * 1024


async def test_an_answer_without_end_is_cut_off() -> None:
    body = Endless()
    with pytest.raises(httpx2.RemoteProtocolError, match="larger than 16 MiB"):
        await connect(lambda request: httpx2.Response(200, stream=body)).post({})
    assert body.taken == 17 * 1024 * 1024


async def test_a_redirect_is_returned_and_not_followed() -> None:
    asked: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(307, headers={"Location": "http://elsewhere.example/"})

    assert (await connect(handle).post({})).status == 307
    assert asked == [URL]


@pytest.mark.parametrize("body", [b"", b"  \n", b"null"])
def test_nothing_is_no_object(body: bytes) -> None:
    assert read_object(body) is None


def test_an_object_is_read() -> None:
    assert read_object(b'{"a": [1]}') == {"a": [1]}


HOSTILE = (
    b"[]",
    b"1",
    b'"text"',
    b"{",
    b"<html>",
    b"\xff\xfe",
    b'{"a": NaN}',
    b'{"a": ' + b"[" * 200_000,
)


@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        read_object(body)


async def test_a_server_that_cannot_be_reached_is_an_error_of_http() -> None:
    with pytest.raises(httpx2.HTTPError):
        await connect(never(httpx2.UnsupportedProtocol("ftp"))).post({})


def test_a_client_can_be_made_without_a_server() -> None:
    assert isinstance(EndpointClient(Endpoint(url=URL)), EndpointClient)
