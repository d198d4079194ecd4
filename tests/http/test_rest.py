"""The REST channel: whole answers, lines, and turns that outlive their request."""

import asyncio
import json
from typing import Any

import pytest
from tests.http.bot import RemoteActions, build_service
from tests.http.conftest import Client, Profile, connect

from tertulia.base.errors import ChannelError, StoreUnavailable
from tertulia.core.domain.model import Generation
from tertulia.core.ports import OutputChannel

WEBHOOK = "/webhooks/rest/webhook"
HELLO = {"text": "Hello!", "buttons": [{"title": "good", "payload": "/good"}]}


async def users(client: Client, conversation: str) -> list[dict[str, Any]]:
    events = await client.events(conversation)
    return [event for event in events if event["event"] == "user"]


@pytest.mark.parametrize("path", ["/webhooks/rest/", "/webhooks/rest"])
async def test_the_channel_tells_that_it_is_there(client: Client, path: str) -> None:
    answer = await client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


async def test_a_message_is_answered_in_one_list(client: Client) -> None:
    answer = await client.post(WEBHOOK, {"sender": "u", "message": "/bad"})
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == [
        {"recipient_id": "u", "text": "Look:"},
        {"recipient_id": "u", "image": "https://example.org/fox.jpg"},
    ]


@pytest.mark.parametrize("flag", ["true", "True", "TRUE"])
async def test_a_message_is_answered_line_by_line(client: Client, flag: str) -> None:
    answer = await client.post(f"{WEBHOOK}?stream={flag}", {"sender": "u", "message": "/bad"})
    assert answer.headers["content-type"] == "text/event-stream"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [set(line) for line in lines] == [{"recipient_id", "text"}, {"recipient_id", "image"}]


async def test_nothing_to_say_is_an_empty_answer(client: Client) -> None:
    body = {"sender": "u", "message": "/restart"}
    assert (await client.post(f"{WEBHOOK}?stream=true", body)).text == ""
    assert (await client.post(f"{WEBHOOK}?stream=false", body)).json() == []


@pytest.mark.parametrize(
    ("sender", "recipient"), [(None, "default"), ("", "default"), (17, "17"), ("ü/é", "ü/é")]
)
async def test_the_sender_becomes_the_recipient(
    client: Client, sender: Any, recipient: str
) -> None:
    answer = await client.post(WEBHOOK, {"sender": sender, "message": "/hello"})
    assert answer.json() == [{"recipient_id": recipient, **HELLO}]


async def test_a_missing_sender_is_the_default_one(client: Client) -> None:
    answer = await client.post(WEBHOOK, {"message": "/hello"})
    assert answer.json() == [{"recipient_id": "default", **HELLO}]


async def test_the_channel_is_named_in_the_log(modern: Client) -> None:
    await modern.post(WEBHOOK, {"sender": "u", "message": "/hello"})
    assert (await users(modern, "u"))[0]["input_channel"] == "rest"


@pytest.mark.parametrize(
    ("query", "channels", "name"),
    [("", {}, "cmdline"), ("?stream=true", {}, "rest"), ("", {"rest": None}, "rest")],
)
async def test_without_credentials_the_legacy_channel_goes_by_the_name_of_the_console(
    query: str, channels: dict[str, None], name: str
) -> None:
    async with connect("legacy", channels=channels) as client:
        await client.post(WEBHOOK + query, {"sender": "u", "message": "/hello"})
        assert (await users(client, "u"))[0]["input_channel"] == name


async def test_another_channel_and_metadata_may_be_named(client: Client, profile: Profile) -> None:
    body = {"sender": "u", "message": "/hello", "input_channel": "x", "metadata": {"a": 1}}
    await client.post(WEBHOOK, body)
    said = (await users(client, "u"))[0]
    assert said["input_channel"] == "x"
    if profile == "modern":
        assert said["metadata"]["a"] == 1


@pytest.mark.parametrize("content_type", ["text/plain", "application/json", "a/b"])
async def test_json_is_read_whatever_the_content_type_says(
    client: Client, content_type: str
) -> None:
    answer = await client.post(
        WEBHOOK,
        content=b'{"sender": "u", "message": "/hello"}',
        headers={"Content-Type": content_type},
    )
    assert answer.json() == [{"recipient_id": "u", **HELLO}]


@pytest.mark.parametrize("body", [{"sender": "u"}, {"sender": "u", "message": 5}, {"text": "hi"}])
async def test_a_message_without_text_is_refused_in_legacy_and_ignored_in_modern(
    client: Client, profile: Profile, body: dict[str, Any]
) -> None:
    answer = await client.post(WEBHOOK, body)
    if profile == "legacy":
        assert answer.status_code == 400
        assert answer.json()["details"] == {"parameter": "message", "in": "body"}
    else:
        assert answer.json() == []
    assert (await client.get("/conversations")).json() == []


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ([1], ""),
        ({"message": "hi", "sender": {"a": 1}}, "sender"),
        ({"message": "hi", "sender": True}, "sender"),
        ({"message": "hi", "input_channel": 5}, "input_channel"),
        ({"message": "hi", "metadata": [1]}, "metadata"),
    ],
)
async def test_wrong_types_are_refused_by_name(client: Client, body: Any, parameter: str) -> None:
    answer = await client.post(WEBHOOK, body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": parameter, "in": "body"}


async def test_without_a_model_messages_are_ignored(profile: Profile) -> None:
    service = build_service(Generation(profile), with_model=False)
    async with connect(profile, service=service) as client:
        answer = await client.post(WEBHOOK, {"sender": "u", "message": "/hello"})
    assert (answer.status_code, answer.json()) == (200, [])


async def test_credentials_of_the_api_are_not_asked_for(profile: Profile) -> None:
    from tertulia.base.secret import Secret

    async with connect(profile, auth_token=Secret("t")) as client:
        answer = await client.post(f"{WEBHOOK}?token=wrong", {"message": "/hello"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", [WEBHOOK, f"{WEBHOOK}?stream=true"])
async def test_what_could_not_be_stored_is_not_acknowledged(
    client: Client, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(client.service.store, "append", fail)
    answer = await client.post(path, {"sender": "u", "message": "/hello"})
    assert answer.status_code == 503
    assert "Hello" not in answer.text


async def fail_after_speaking(incoming: Any, output: OutputChannel, terms: Any) -> None:
    from tertulia.core.events import BotUttered

    await output.deliver(BotUttered(text="said", data={}))
    raise ChannelError("broken")


async def test_a_turn_that_fails_after_speaking(
    client: Client, profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.service, "handle", fail_after_speaking)
    answer = await client.http.post(WEBHOOK, json={"sender": "u", "message": "/hello"})
    if profile == "legacy":
        assert answer.status_code == 502
    else:
        assert answer.json() == [{"recipient_id": "u", "text": "said"}]


async def test_lines_that_were_said_stay_said_when_the_turn_fails(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client.service, "handle", fail_after_speaking)
    body = {"sender": "u", "message": "/hello"}
    answer = await client.post(f"{WEBHOOK}?stream=true", body)
    assert answer.text == '{"recipient_id":"u","text":"said"}\n'


async def test_a_line_is_sent_before_the_turn_ends(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = RemoteActions()
    actions.hold.clear()
    service = build_service(Generation(profile), actions=actions)
    sent: list[bytes] = []
    first = asyncio.Event()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body" and message["body"]:
            sent.append(message["body"])
            first.set()

    async with connect(profile, service=service) as client:
        handle = service.handle

        async def speak_then_wait(incoming: Any, output: OutputChannel, terms: Any) -> None:
            await handle(incoming, output)
            await actions.hold.wait()

        monkeypatch.setattr(service, "handle", speak_then_wait)
        body = b'{"sender": "u", "message": "/hello"}'
        task = asyncio.create_task(request(client, f"{WEBHOOK}", b"stream=true", body, send))
        await asyncio.wait_for(first.wait(), 5)
        assert not task.done()
        actions.hold.set()
        await task
    assert json.loads(sent[0])["text"] == "Hello!"


async def request(client: Client, path: str, query: bytes, body: bytes, send: Any) -> None:
    """Send one request by hand, so that a test sees each piece of the answer."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "root_path": "",
        "headers": [(b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    pieces = iter([{"type": "http.request", "body": body, "more_body": False}])
    ended = asyncio.Event()

    async def receive() -> Any:
        piece = next(pieces, None)
        if piece is None:
            await ended.wait()
            piece = {"type": "http.disconnect"}
        return piece

    async def watch(message: Any) -> None:
        await send(message)
        if message["type"] == "http.response.body" and not message.get("more_body"):
            ended.set()

    await client.app(scope, receive, watch)


@pytest.mark.parametrize("query", [b"", b"stream=true"])
async def test_a_turn_goes_on_when_the_client_leaves(profile: Profile, query: bytes) -> None:
    actions = RemoteActions()
    actions.hold.clear()
    service = build_service(Generation(profile), actions=actions)

    async def send(message: Any) -> None:
        return None

    async with connect(profile, service=service) as client:
        body = b'{"sender": "u", "message": "/remote"}'
        task = asyncio.create_task(request(client, WEBHOOK, query, body, send))
        await asyncio.wait_for(actions.called.wait(), 5)
        task.cancel()
        await asyncio.wait([task])
        actions.hold.set()
        events = await eventually(client, "u", "bot")
    assert events[-1]["name"] == "action_listen"


async def eventually(client: Client, conversation: str, kind: str) -> list[dict[str, Any]]:
    """Return the events once the turn is over, which the conversation's order waits for."""
    await client.post(f"/conversations/{conversation}/tracker/events", {"event": "resume"})
    events = await client.events(conversation)
    assert any(event["event"] == kind for event in events)
    return events[:-1]


async def test_a_request_does_not_wait_for_ever(profile: Profile) -> None:
    actions = RemoteActions()
    actions.hold.clear()
    service = build_service(Generation(profile), actions=actions)
    async with connect(profile, service=service, response_timeout=0.01) as client:
        for path in (WEBHOOK, f"{WEBHOOK}?stream=true"):
            answer = await client.post(path, {"sender": path, "message": "/remote"})
            assert answer.status_code == 503
            assert answer.json()["error_code"] == "T814"
        actions.hold.set()


async def test_a_conversation_that_is_busy_too_long_asks_to_try_again(profile: Profile) -> None:
    actions = RemoteActions()
    actions.hold.clear()
    service = build_service(Generation(profile), actions=actions, patience=0.01)
    async with connect(profile, service=service) as client:
        body = {"sender": "u", "message": "/remote"}
        first = asyncio.create_task(client.post(WEBHOOK, body))
        await asyncio.wait_for(actions.called.wait(), 5)
        second = await client.post(WEBHOOK, body)
        actions.hold.set()
        assert (await first).json() == [{"recipient_id": "u", "text": "done"}]
    assert second.status_code == 503
    assert second.json()["error_code"] == "T603"


async def test_turns_under_way_end_before_the_store_is_closed(
    profile: Profile, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = RemoteActions()
    actions.hold.clear()
    service = build_service(Generation(profile), actions=actions)
    closed_with: list[int] = []
    close = service.close

    async def watch(patience: float) -> None:
        version = await service.store.version("u")
        closed_with.append(version)
        await close(patience)

    monkeypatch.setattr(service, "close", watch)
    async with connect(profile, service=service, response_timeout=0.01) as client:
        await client.post(WEBHOOK, {"sender": "u", "message": "/remote"})
        before = await service.store.version("u")
        asyncio.get_running_loop().call_later(0.05, actions.hold.set)
    assert closed_with[0] > before
