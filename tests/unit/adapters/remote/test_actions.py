"""An action server's answers, good and bad, as the engine hears of them."""

import json
from typing import Any

import httpx2
import pytest

from tertulia.adapters.remote.actions import HttpActionServer
from tertulia.base.errors import ActionRejected, ActionServerError
from tertulia.base.secret import Secret
from tertulia.core.asks import ActionAnswer
from tertulia.core.events import ActiveLoop, SlotSet
from tertulia.core.ports import ActionServer
from tertulia.schema.endpoints import ActionEndpoint

from .conftest import Handler, always, connect, never

ENDPOINT = ActionEndpoint(url="http://user:pass@other.example:5055/webhook", token=Secret("secret"))


async def asked(handler: Handler, endpoint: ActionEndpoint = ENDPOINT) -> ActionAnswer:
    server = HttpActionServer(endpoint, client=connect(handler, endpoint))
    try:
        return await server.run("action_x", {"next_action": "action_x"})
    finally:
        await server.close()


async def failure(handler: Handler, endpoint: ActionEndpoint = ENDPOINT) -> ActionServerError:
    with pytest.raises(ActionServerError) as caught:
        await asked(handler, endpoint)
    return caught.value


def answering(body: Any, status: int = 200) -> Handler:
    return always(status, json.dumps(body).encode())


def test_it_is_an_action_server() -> None:
    assert isinstance(HttpActionServer(ENDPOINT), ActionServer)


async def test_the_body_is_sent_as_it_is() -> None:
    seen: list[Any] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(json.loads(request.content))
        return httpx2.Response(200, json={})

    await asked(handle)
    assert seen == [{"next_action": "action_x"}]


async def test_events_and_responses_are_returned_in_order() -> None:
    answer = await asked(
        answering(
            {
                "events": [
                    {"event": "slot", "timestamp": None, "name": "a", "value": 1},
                    {"event": "form", "name": "old_form"},
                ],
                "responses": [{"text": "one"}, {"template": "utter_two"}],
            }
        )
    )
    slot, loop = answer.events
    assert isinstance(slot, SlotSet)
    assert isinstance(loop, ActiveLoop)
    assert (slot.name, slot.value, loop.name) == ("a", 1, "old_form")
    assert answer.responses == [{"text": "one"}, {"template": "utter_two"}]


@pytest.mark.parametrize(
    "body", [None, {}, {"events": None, "responses": None}, {"events": [], "other": 1}]
)
async def test_an_answer_with_nothing_in_it_is_empty(body: Any) -> None:
    answer = await asked(answering(body))
    assert (list(answer.events), list(answer.responses)) == ([], [])


async def test_an_unknown_event_is_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    known = {"event": "slot", "name": "a", "value": 1}
    events = [{"event": "earthquake"}, known, {"event": "slot"}]
    answer = await asked(answering({"events": events}))
    assert len(answer.events) == 1
    assert caplog.text.count("T618") == 2


async def test_an_object_without_an_event_is_left_out() -> None:
    assert list((await asked(answering({"events": [{"name": "a"}]}))).events) == []


async def test_a_400_that_names_its_action_is_a_rejection() -> None:
    with pytest.raises(ActionRejected) as caught:
        await asked(answering({"action_name": "action_x", "error": "no"}, 400))
    assert caught.value.action == "action_x"


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (400, b'{"error": "Invalid body request"}'),
        (400, b"[]"),
        (400, b""),
        (400, b"<html>"),
        (401, b'{"action_name": "action_x"}'),
        (403, b""),
        (449, b'{"action_name": "action_x", "error": "no domain"}'),
        (500, b'{"error": "x", "request_body": {}}'),
        (500, b"<html>"),
        (502, b""),
    ],
)
async def test_every_other_fault_of_the_server_is_a_failure(status: int, content: bytes) -> None:
    error = await failure(always(status, content))
    assert f"status {status}" in error.message


async def test_an_unknown_action_is_called_that() -> None:
    body = {"action_name": "action_x", "error": "No registered action found"}
    error = await failure(answering(body, 404))
    assert "does not know the action 'action_x'" in error.message


async def test_a_wrong_path_is_no_unknown_action() -> None:
    assert "status 404" in (await failure(always(404, b"Not Found"))).message


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_a_failure_and_no_empty_answer(status: int) -> None:
    error = await failure(always(status, headers={"Location": "http://elsewhere.example"}))
    assert f"status {status}" in error.message


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("refused"),
        httpx2.ConnectTimeout("late"),
        httpx2.ReadTimeout("late"),
        httpx2.PoolTimeout("late"),
        httpx2.RemoteProtocolError("garbage"),
        httpx2.DecodingError("bad gzip"),
    ],
)
async def test_a_server_that_does_not_answer_is_a_failure_that_shows_no_secret(
    error: Exception,
) -> None:
    found = await failure(never(error))
    assert type(error).__name__ in found.message
    assert "http://other.example:5055/webhook" in found.hint
    assert "pass" not in str(found)
    assert "secret" not in str(found)


@pytest.mark.parametrize("url", ["", "other.example", "http://", "http://[::1/webhook", "ftp://x"])
async def test_an_address_that_is_none_is_a_failure(url: str) -> None:
    with pytest.raises(ActionServerError):
        await HttpActionServer(ActionEndpoint(url=url)).run("action_x", {})


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"events": {}}',
        b'{"events": ["slot"]}',
        b'{"responses": "hello"}',
        b'{"events": ' + b"[" * 200_000,
    ],
    ids=range(7),
)
async def test_an_answer_of_another_shape_is_a_failure(content: bytes) -> None:
    assert "not the JSON object expected" in (await failure(always(200, content))).message


async def test_a_huge_answer_is_a_failure() -> None:
    huge = b'{"events": [], "padding": "' + b"x" * (16 * 1024 * 1024) + b'"}'
    assert "RemoteProtocolError" in (await failure(always(200, huge))).message
