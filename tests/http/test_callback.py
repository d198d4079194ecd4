"""The callback channel: messages come in, and what the bot says is posted elsewhere."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from tests.conformance.called import Called, called_back
from tests.http.bot import build_service
from tests.http.conftest import Client, Profile, connect

from tertulia.base.secret import Secret
from tertulia.core.domain.model import Generation
from tertulia.schema.channels import CALLBACK, CallbackChannel

WEBHOOK = "/webhooks/callback/webhook"


@pytest.fixture
async def called() -> AsyncGenerator[Called]:
    async with called_back() as found:
        yield found


def to(called: Called) -> dict[str, Any]:
    url = f"http://{called.address}/bot"
    return {CALLBACK: CallbackChannel(url=url, token=Secret("t"), token_name="key")}


@pytest.mark.parametrize("path", ["/webhooks/callback", "/webhooks/callback/"])
async def test_it_is_there_where_it_was_asked_for(
    profile: Profile, called: Called, path: str
) -> None:
    async with connect(profile, channels=to(called)) as client:
        assert (await client.get(path)).json() == {"status": "ok"}
    async with connect(profile) as client:
        assert (await client.get(path)).status_code == 404


async def test_each_message_is_posted_before_the_answer_comes(
    profile: Profile, called: Called
) -> None:
    async with connect(profile, channels=to(called)) as client:
        answer = await client.post(WEBHOOK, {"sender": "u", "message": "/bad"})
        assert (answer.status_code, answer.text) == (200, "success")
        assert called.so_far() == [
            ("/bot?key=t", {"recipient_id": "u", "text": "Look:"}),
            ("/bot?key=t", {"recipient_id": "u", "image": "https://example.org/fox.jpg"}),
        ]
        user = next(e for e in await client.events("u") if e["event"] == "user")
        assert user["input_channel"] == "callback"


async def test_the_metadata_of_a_message_is_kept(modern: Client, called: Called) -> None:
    async with connect("modern", channels=to(called)) as client:
        await client.post(WEBHOOK, {"sender": "u", "message": "/bad", "metadata": {"a": 1}})
        user = next(e for e in await client.events("u") if e["event"] == "user")
    assert user["metadata"]["a"] == 1


@pytest.mark.parametrize("body", [{}, {"sender": "u"}, {"sender": "u", "message": 5}, [], None])
async def test_what_is_no_message_is_refused(profile: Profile, called: Called, body: Any) -> None:
    async with connect(profile, channels=to(called)) as client:
        answer = await client.post(WEBHOOK, body)
        assert answer.status_code == 400
    assert called.so_far() == []


async def test_an_address_that_is_not_there_loses_no_turn(
    profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = {CALLBACK: CallbackChannel(url="http://user:hidden@127.0.0.1:1/x", timeout=1)}
    async with connect(profile, channels=nowhere) as client:
        answer = await client.post(WEBHOOK, {"sender": "u", "message": "/hello"})
        assert answer.text == "success"
        assert [e["text"] for e in await client.events("u") if e["event"] == "bot"] == ["Hello!"]
    assert "T883 a message could not be posted to http://127.0.0.1:1/x" in caplog.text
    assert "hidden" not in caplog.text


async def test_the_same_key_posts_nothing_a_second_time(profile: Profile, called: Called) -> None:
    async with connect(profile, channels=to(called)) as client:
        body, key = {"sender": "u", "message": "/hello"}, {"Idempotency-Key": "k"}
        first = await client.post(WEBHOOK, body, headers=key)
        again = await client.post(WEBHOOK, body, headers=key)
    assert first.text == again.text == "success"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(called.so_far()) == 1


async def test_what_happens_outside_is_said_on_the_channel(called: Called) -> None:
    async with connect("modern", channels=to(called)) as client:
        await client.post(WEBHOOK, {"sender": "u", "message": "/hello"})
        called.so_far()
        path = "/conversations/u/trigger_intent?output_channel=latest"
        await client.post(path, {"name": "bye"})
        path, body = await asyncio.wait_for(called.next(), 60)
    assert body == {"recipient_id": "u", "text": "Bye."}


async def test_a_message_without_a_model_is_ignored(profile: Profile, called: Called) -> None:
    service = build_service(Generation(profile), with_model=False)
    async with connect(profile, service=service, channels=to(called)) as client:
        answer = await client.post(WEBHOOK, {"sender": "u", "message": "/hello"})
    assert (answer.status_code, answer.text) == (200, "success")
    assert called.so_far() == []


async def test_a_protected_channel_asks_for_credentials(profile: Profile, called: Called) -> None:
    protected = {"auth_token": Secret("x" * 20), "protect_channels": True}
    async with connect(profile, channels=to(called), **protected) as client:
        body = {"sender": "u", "message": "/hello"}
        assert (await client.post(WEBHOOK, body)).status_code == 401
        opened = await client.post(f"{WEBHOOK}?token={'x' * 20}", body)
    assert opened.status_code == 200


async def test_an_action_that_is_run_speaks_on_the_channel_that_is_named(
    profile: Profile, called: Called
) -> None:
    async with connect(profile, channels=to(called)) as client:
        await client.post(WEBHOOK, {"sender": "u", "message": "/hello"})
        called.so_far()
        path = "/conversations/u/execute?output_channel=callback"
        answer = await client.post(path, {"name": "utter_bye"})
        said = {"recipient_id": "u", "text": "Bye."}
        assert answer.json()["messages"] == [said]
        assert called.so_far() == [("/bot?key=t", said)]
