"""The typed client against a real server, and against servers that fail."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from tests.http.conftest import Profile, connect
from tests.http.serving import served

from tertulia.base.secret import Secret
from tertulia.client import AsyncClient, Client, ServerRefused, ServerUnreachable
from tertulia.core.feed import forgotten_id

SLOT = {"event": "slot", "name": "cuisine", "value": "thai", "timestamp": 1.0}


@pytest.fixture
def client(profile: Profile) -> Iterator[Client]:
    with served(profile) as (address, _, _), Client(address) as found:
        yield found


def test_a_conversation_is_led(client: Client, profile: Profile) -> None:
    me = client.conversation("me/1" if profile == "modern" else "me")
    assert [message.text for message in me.say("hello")] == ["Hello!"]
    assert [message.text for message in me.say_streaming("bye")] == ["Bye."]
    assert me.append(SLOT).slots["cuisine"] == "thai"
    assert me.execute("utter_bye").messages[0].text == "Bye."
    assert me.trigger("bye").tracker.sender_id == me.id
    assert me.log_message("hello").latest_message["text"] == "hello"
    assert me.predict().scores
    assert "hello" in me.story()
    assert client.parse("hello").intent.name == "hello"
    assert client.version().version
    assert client.status().model_id
    assert client.ready()
    assert me.tracker(include_events="NONE").events in (None, [])


def test_logs_are_read_page_by_page_and_as_a_whole(client: Client) -> None:
    me = client.conversation("me")
    me.say("hello")
    me.say("bye")
    events = list(me.events(page=3))
    assert [each.seq for each in events] == list(range(1, len(events) + 1))
    assert me.export().version == len(events)
    client.conversation("you").say("hello")
    assert list(client.conversations(page=1)) == ["me", "you"]
    me.erase()
    assert list(client.conversations()) == ["you"]


def test_a_change_of_an_old_version_is_refused(client: Client) -> None:
    me = client.conversation("me")
    seen = me.append(SLOT)
    me.append(SLOT)
    with pytest.raises(ServerRefused) as caught:
        me.replace([SLOT], if_match=seen.etag)
    assert (caught.value.status, caught.value.code) == (412, "T840")
    assert me.replace([SLOT], if_match=me.tracker().etag).etag


def test_an_error_says_what_the_server_said(client: Client) -> None:
    with pytest.raises(ServerRefused) as caught:
        client.conversation("me").trigger("unknown")
    assert (caught.value.status, caught.value.code) == (404, "T818")
    assert "unknown" in caught.value.message


@pytest.mark.parametrize("original", [True, False])
def test_tokens_are_sent_as_the_server_takes_them(profile: Profile, original: bool) -> None:
    with served(profile, auth_token=Secret("t")) as (address, _, _):
        with Client(address, token="t", original=original) as known:
            assert known.status().model_id
        with Client(address) as stranger, pytest.raises(ServerRefused) as caught:
            stranger.status()
    assert caught.value.status == 401


def test_a_server_that_is_not_there_is_named() -> None:
    client = Client("http://127.0.0.1:9", attempts=1)
    with pytest.raises(ServerUnreachable, match=r"127\.0\.0\.1:9") as caught:
        client.version()
    assert not caught.value.reached


def failing(*answers: Any) -> tuple[list[httpx2.Request], Callable[[httpx2.Request], Any]]:
    """Return the requests seen, and a server that gives these answers or failures in turn."""
    seen: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        given = answers[min(len(seen), len(answers)) - 1]
        if isinstance(given, Exception):
            raise given
        return given

    return seen, answer


def against(answer: Callable[[httpx2.Request], Any], **options: Any) -> Client:
    return Client("http://server/base", transport=httpx2.MockTransport(answer), **options)


BUSY = httpx2.Response(503, headers={"Retry-After": "0"}, json={})
HEARD = httpx2.Response(200, json=[{"text": "Hello!"}])


@pytest.mark.parametrize("fault", [BUSY, httpx2.ReadTimeout("late"), httpx2.ConnectError("no")])
def test_a_message_is_sent_again_with_the_same_key(fault: Any) -> None:
    seen, answer = failing(fault, fault, HEARD)
    assert against(answer).conversation("me").say("hello")[0].text == "Hello!"
    assert len({request.headers["idempotency-key"] for request in seen}) == 1
    assert [request.url.path for request in seen] == ["/base/webhooks/rest/webhook"] * 3


def test_each_message_has_a_key_of_its_own() -> None:
    seen, answer = failing(HEARD)
    me = against(answer).conversation("me")
    me.say("hello")
    me.say("hello")
    assert len({request.headers["idempotency-key"] for request in seen}) == 2


@pytest.mark.parametrize(("fault", "sent"), [(httpx2.ReadTimeout("late"), 1), (BUSY, 1)])
def test_to_an_original_a_message_that_may_have_arrived_is_not_sent_again(
    fault: Any, sent: int
) -> None:
    seen, answer = failing(fault, HEARD)
    with pytest.raises((ServerUnreachable, ServerRefused)):
        against(answer, original=True).conversation("me").say("hello")
    assert len(seen) == sent
    assert "idempotency-key" not in seen[0].headers


def test_to_an_original_what_did_not_arrive_is_sent_again() -> None:
    seen, answer = failing(httpx2.ConnectError("no"), HEARD)
    assert against(answer, original=True).conversation("me").say("hello")
    assert len(seen) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 412, 422, 500])
def test_what_would_fail_again_is_not_sent_again(status: int) -> None:
    seen, answer = failing(httpx2.Response(status, text="no"))
    with pytest.raises(ServerRefused, match="no") as caught:
        against(answer).status()
    assert (len(seen), caught.value.status) == (1, status)


def test_a_stream_is_taken_up_where_it_broke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tertulia.client.sync_client.PAUSE", 0.0)
    first = b'id: 4\n\ndata: {"sender_id":"u","seq":1,"event":{"event":"slot"}}\nid: 5\n\n'
    second = b'event: erased\ndata: {"sender_sha256":"x"}\nid: 6\n\n'
    seen, answer = failing(*(httpx2.Response(200, content=part) for part in (first, second)))
    stream = against(answer).follow()
    assert [(next(stream).position, next(stream).kind)] == [(5, "erased")]
    assert [request.url.params.get("after") for request in seen] == [None, "5"]


def test_conversations_are_followed_live(profile: Profile) -> None:
    with served(profile) as (address, _, _), Client(address) as client:
        me = client.conversation("me")
        me.append(SLOT)
        stream = me.follow(after=0)
        count = me.export().version
        assert [next(stream).seq for _ in range(count)] == list(range(1, count + 1))
        erasing = threading.Timer(0.1, me.erase)
        erasing.start()
        assert next(stream).sender_sha256 == forgotten_id("me")
        erasing.join()
        stream.close()  # type: ignore[attr-defined]


async def test_the_async_client_does_the_same(profile: Profile) -> None:
    async with connect(profile) as app:
        transport = httpx2.ASGITransport(app=app.app)  # type: ignore[arg-type]
        async with AsyncClient("http://server", transport=transport) as client:
            me = client.conversation("me")
            assert [message.text for message in await me.say("hello")] == ["Hello!"]
            assert [m.text async for m in me.say_streaming("bye")] == ["Bye."]
            seen = await me.append(SLOT)
            assert (await me.replace([SLOT], if_match=seen.etag)).etag != seen.etag
            assert (await me.execute("utter_bye")).messages[0].text == "Bye."
            assert (await me.trigger("bye")).tracker.sender_id == "me"
            assert (await me.log_message("hello")).etag
            assert (await me.predict()).scores
            assert "hello" in await me.story()
            assert [e.seq async for e in me.events(page=2)][-1] == (await me.export()).version
            assert [name async for name in client.conversations()] == ["me"]
            assert (await client.parse("hello")).intent.name == "hello"
            assert (await client.version()).version
            assert (await client.status()).model_id
            assert await client.ready()
            assert (await me.tracker(until=0.5)).events == []
            await me.erase()
            assert [name async for name in client.conversations()] == []


async def test_the_async_client_follows_live(profile: Profile) -> None:
    with served(profile) as (address, _, _):
        async with AsyncClient(address) as client:
            me = client.conversation("me")
            await me.append(SLOT)
            stream = client.follow(after=0)
            assert (await anext(stream)).seq == 1
            await stream.aclose()  # type: ignore[attr-defined]
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("answer", "ready"),
    [
        (httpx2.Response(200, json={"model_file": "m.tar.gz", "model_id": "m"}), True),
        (httpx2.Response(200, json={"is_ready": True}), True),
        (httpx2.Response(200, json={"is_ready": False}), False),
        (httpx2.Response(409, json={"reason": "Conflict"}), False),
    ],
    ids=["3.x", "0.x", "0.x without a model", "3.x without a model"],
)
def test_an_original_is_ready_when_its_status_says_so(answer: httpx2.Response, ready: bool) -> None:
    seen, give = failing(answer)
    assert against(give, original=True).ready() is ready
    assert [request.url.path for request in seen] == ["/base/status"]
