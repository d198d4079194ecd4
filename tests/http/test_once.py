"""Requests with an idempotency key: carried out once, answered as often as they are sent."""

import asyncio
from typing import Any

import pytest
from tests.http.bot import RemoteActions, build_service
from tests.http.conftest import Client, Profile, connect

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.domain.model import Generation

KEY = {"Idempotency-Key": "5f0c-1"}

POSTS = [
    ("/webhooks/rest/webhook", {"sender": "u", "message": "/hello"}),
    ("/conversations/u/respond", {"query": "/hello"}),
    ("/conversations/u/messages", {"sender": "user", "text": "/hello"}),
    ("/conversations/u/trigger_intent", {"name": "hello"}),
    ("/conversations/u/execute", {"name": "utter_hello"}),
    ("/conversations/u/tracker/events", {"event": "slot", "name": "n", "value": 1}),
]


async def begin(client: Client) -> None:
    await client.post("/conversations/u/tracker/events", {"event": "slot", "name": "n", "value": 0})


async def version(client: Client) -> int:
    return (await client.get("/conversations/u/log")).json()["version"]


@pytest.mark.parametrize(("path", "body"), POSTS)
async def test_the_same_key_makes_no_second_turn_and_gets_the_same_answer(
    client: Client, path: str, body: Any
) -> None:
    await begin(client)
    first = await client.post(path, body, headers=KEY)
    after = await version(client)
    await client.post("/webhooks/rest/webhook", {"sender": "u", "message": "/hello"})
    later = await version(client)
    again = await client.post(path, body, headers=KEY)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers.get("etag") == first.headers.get("etag")
    assert await version(client) == later > after


@pytest.mark.parametrize(("path", "body"), POSTS)
async def test_the_same_key_with_another_body_is_refused(
    client: Client, path: str, body: Any
) -> None:
    await begin(client)
    await client.post(path, body, headers=KEY)
    before = await version(client)
    refused = await client.post(path, {**body, "more": 1}, headers=KEY)
    assert (refused.status_code, refused.json()["error_code"]) == (422, "T841")
    assert await version(client) == before


async def test_the_same_key_at_another_address_is_refused(client: Client) -> None:
    await begin(client)
    await client.post(*POSTS[0], headers=KEY)
    assert (await client.post(*POSTS[1], headers=KEY)).status_code == 422


async def test_keys_belong_to_their_conversation(client: Client) -> None:
    for sender in ("u", "v"):
        body = {"sender": sender, "message": "/hello"}
        answer = await client.post("/webhooks/rest/webhook", body, headers=KEY)
        assert "idempotency-replayed" not in answer.headers


async def test_requests_with_one_key_that_come_at_once_make_one_turn(client: Client) -> None:
    await begin(client)
    path, body = POSTS[0]
    answers = await asyncio.gather(*(client.post(path, body, headers=KEY) for _ in range(2)))
    assert len({answer.text for answer in answers}) == 1
    assert sum("idempotency-replayed" in answer.headers for answer in answers) == 1
    users = [e for e in await client.events("u") if e["event"] == "user"]
    assert len(users) == 1


async def test_a_streamed_answer_is_streamed_again(client: Client) -> None:
    path, body = POSTS[0]
    first = await client.post(f"{path}?stream=true", body, headers=KEY)
    again = await client.post(f"{path}?stream=true", body, headers=KEY)
    assert first.text
    assert again.text == first.text
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
async def test_a_key_that_is_none_is_refused(client: Client, key: str) -> None:
    path, body = POSTS[0]
    refused = await client.post(path, body, headers={"Idempotency-Key": key.encode("latin-1")})
    assert refused.status_code == 400
    assert refused.json()["details"] == {"parameter": "Idempotency-Key", "in": "header"}


async def test_an_erased_conversation_knows_no_keys(client: Client) -> None:
    path, body = POSTS[0]
    await client.post(path, body, headers=KEY)
    await client.delete("/conversations/u")
    answer = await client.post(path, body, headers=KEY)
    assert "idempotency-replayed" not in answer.headers


class HalfDead(MemoryStore):
    """Stops to answer after so many writes, as a process that is killed in the middle of a turn."""

    left = 10**9

    async def append(self, *arguments: Any, **options: Any) -> int:
        if self.left == 0:
            raise ConnectionError("killed")
        self.left -= 1
        return await super().append(*arguments, **options)


async def test_a_turn_that_was_cut_off_is_not_begun_again(profile: Profile) -> None:
    store = HalfDead()
    service = build_service(Generation(profile), store=store, actions=RemoteActions())
    async with connect(profile, service=service) as client:
        await begin(client)
        store.left = 1  # the message is stored; the answer of the action server is not
        body = {"sender": "u", "message": "/remote"}
        path = "/webhooks/rest/webhook"
        assert (await client.post(path, body, headers=KEY)).status_code >= 500
        store.left = 10**9
        before = await version(client)
        again = await client.post(path, body, headers=KEY)
        assert (again.status_code, again.json()["error_code"]) == (409, "T842")
        assert await version(client) == before
