"""Versions of a conversation: ETag, If-Match, If-None-Match."""

import pytest
from tests.http.conftest import Client

SLOT = {"event": "slot", "name": "n", "value": 1, "timestamp": 1.0}


async def tag_of(client: Client, name: str = "u") -> str:
    answer = await client.get(f"/conversations/{name}/tracker")
    return answer.headers["etag"]


async def begin(client: Client) -> str:
    await client.post("/conversations/u/tracker/events", SLOT)
    return await tag_of(client)


async def test_the_tag_changes_with_the_conversation_alone(client: Client) -> None:
    first = await begin(client)
    assert await tag_of(client) == first
    answer = await client.post("/conversations/u/tracker/events", SLOT)
    assert answer.headers["etag"] != first
    assert answer.headers["etag"] == await tag_of(client)


async def test_what_is_seen_is_not_sent_again(client: Client) -> None:
    tag = await begin(client)
    for seen in (tag, f"W/{tag}", f'"x", {tag}'):
        again = await client.get("/conversations/u/tracker", headers={"If-None-Match": seen})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    await client.post("/conversations/u/tracker/events", SLOT)
    newer = await client.get("/conversations/u/tracker", headers={"If-None-Match": tag})
    assert newer.status_code == 200


async def test_a_conversation_that_is_not_stored_has_no_tag(modern: Client) -> None:
    assert "etag" not in (await modern.get("/conversations/u/tracker")).headers


WRITES = [
    ("POST", "tracker/events", SLOT),
    ("PUT", "tracker/events", [SLOT]),
    ("POST", "messages", {"sender": "user", "text": "/hello"}),
    ("POST", "execute", {"name": "utter_hello"}),
    ("POST", "trigger_intent", {"name": "hello"}),
    ("DELETE", "", None),
]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_change_of_an_old_version_is_refused_and_changes_nothing(
    client: Client, method: str, path: str, body: object
) -> None:
    old = await begin(client)
    await client.post("/conversations/u/tracker/events", SLOT)
    before = (await client.get("/conversations/u/log")).json()
    at = f"/conversations/u/{path}".rstrip("/")
    refused = await client(method, at, body, headers={"If-Match": old})
    assert (refused.status_code, refused.json()["error_code"]) == (412, "T840")
    assert (await client.get("/conversations/u/log")).json() == before


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_change_of_the_version_seen_is_made(
    client: Client, method: str, path: str, body: object
) -> None:
    tag = await begin(client)
    at = f"/conversations/u/{path}".rstrip("/")
    done = await client(method, at, body, headers={"If-Match": f'"0", {tag}'})
    assert done.status_code in (200, 204)
    assert done.headers.get("etag") != tag


async def test_of_two_changes_of_one_version_one_is_made(client: Client) -> None:
    tag = await begin(client)
    headers = {"If-Match": tag}
    first = await client.post("/conversations/u/tracker/events", SLOT, headers=headers)
    second = await client.post("/conversations/u/tracker/events", SLOT, headers=headers)
    assert (first.status_code, second.status_code) == (200, 412)


async def test_a_star_asks_for_a_conversation_that_is_there(client: Client) -> None:
    at, star = "/conversations/u/tracker/events", {"If-Match": "*"}
    assert (await client.post(at, SLOT, headers=star)).status_code == 412
    await begin(client)
    assert (await client.post(at, SLOT, headers=star)).status_code == 200


async def test_a_star_can_ask_for_one_that_is_not_there(client: Client) -> None:
    at, star = "/conversations/u/tracker/events", {"If-None-Match": "*"}
    assert (await client.put(at, [SLOT], headers=star)).status_code == 200
    assert (await client.put(at, [SLOT], headers=star)).status_code == 412


async def test_a_condition_without_a_tag_is_refused(client: Client) -> None:
    refused = await client.post(
        "/conversations/u/tracker/events", SLOT, headers={"If-Match": "twelve"}
    )
    assert refused.status_code == 400
    assert refused.json()["details"] == {"parameter": "If-Match", "in": "header"}
