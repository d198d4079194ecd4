"""Logs page by page, exports, erasures, and lists of conversations in pages."""

import json
from typing import Any

import pytest
from tests.http.conftest import Client


async def say(client: Client, conversation: str, *texts: str) -> None:
    for text in texts:
        await client.say(text, conversation)


@pytest.mark.parametrize("limit", [1, 3, 100])
async def test_pages_of_a_log_add_up_to_it(client: Client, limit: int) -> None:
    await say(client, "u", "/hello", "/hello")
    found: list[int] = []
    page: dict[str, Any] = {}
    after: int | None = 0
    while after is not None:
        page = (await client.get(f"/conversations/u/log?after={after}&limit={limit}")).json()
        found += [each["seq"] for each in page["events"]]
        after = page["next"]
    assert found == list(range(1, page["version"] + 1))
    assert page["version"] == len((await client.get("/conversations/u/log")).json()["events"])


async def test_a_log_shows_events_as_they_are_stored(client: Client) -> None:
    await say(client, "u", "/hello")
    page = (await client.get("/conversations/u/log?include_trace=true")).json()
    said = [each["event"] for each in page["events"] if each["event"]["event"] == "user"]
    assert [event["text"] for event in said] == ["/hello"]
    assert any("trace" in each["event"] for each in page["events"])


@pytest.mark.parametrize("wrong", ["after=-1", "after=x", "limit=0", "limit=1001", "limit=1e3"])
async def test_a_page_that_cannot_be_is_refused(client: Client, wrong: str) -> None:
    answer = await client.get(f"/conversations/u/log?{wrong}")
    assert answer.status_code == 400
    assert answer.json()["details"]["in"] == "query"


@pytest.mark.parametrize("what", ["log", "export"])
async def test_a_conversation_that_is_unknown_is_not_begun(client: Client, what: str) -> None:
    assert (await client.get(f"/conversations/nobody/{what}")).status_code == 404
    assert (await client.get("/conversations")).json() == []


async def test_ids_are_listed_in_pages_with_a_link_to_the_next(client: Client) -> None:
    ids = ["a", "b&c", "ä d", "😀"]
    for name in ids:
        await say(client, name, "/hello")
    found: list[str] = []
    path = "/conversations?limit=1"
    while path:
        answer = await client.get(path)
        found += answer.json()
        link = answer.headers.get("link", "")
        path = link.partition(">")[0].removeprefix("<")
    assert found == ids
    assert (await client.get("/conversations?after=b%26c")).json() == ids[2:]


async def test_an_export_has_everything(client: Client) -> None:
    await say(client, "u", "/hello")
    answer = await client.get("/conversations/u/export")
    assert answer.headers["content-type"] == "application/json"
    export = answer.json()
    page = (await client.get("/conversations/u/log?include_trace=true")).json()
    assert export == {
        "sender_id": "u",
        "version": page["version"],
        "reminders": [],
        "events": page["events"],
    }


async def test_an_export_can_be_lines(client: Client) -> None:
    await say(client, "u", "/hello")
    answer = await client.get("/conversations/u/export?format=lines")
    assert answer.headers["content-type"] == "application/jsonl"
    head, *events = map(json.loads, answer.text.splitlines())
    whole = (await client.get("/conversations/u/export")).json()
    assert {**head, "events": events} == whole


async def test_an_export_is_whole_however_long(modern: Client) -> None:
    events = [{"event": "slot", "name": "n", "value": n} for n in range(1203)]
    await modern.put("/conversations/u/tracker/events", events)
    export = (await modern.get("/conversations/u/export")).json()
    assert [each["event"]["value"] for each in export["events"]] == list(range(1203))


async def test_an_unknown_format_is_refused(client: Client) -> None:
    assert (await client.get("/conversations/u/export?format=xml")).status_code == 400


async def test_an_erased_conversation_is_gone(client: Client) -> None:
    await say(client, "u", "/hello")
    await say(client, "v", "/hello")
    answer = await client.delete("/conversations/u")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get("/conversations")).json() == ["v"]
    assert (await client.get("/conversations/u/export")).status_code == 404
    assert (await client.delete("/conversations/u")).status_code == 404


async def test_a_conversation_goes_on_anew_after_it_was_erased(client: Client) -> None:
    await say(client, "u", "/hello", "/hello")
    before = (await client.get("/conversations/u/log")).json()["version"]
    await client.delete("/conversations/u")
    await say(client, "u", "/hello")
    page = (await client.get("/conversations/u/log")).json()
    assert page["version"] < before
    assert page["events"][0]["seq"] == 1


@pytest.mark.parametrize("name", ["a/b", "a/tracker", "tracker/events", "a b", "%2F", "..x", "ä/ü"])
async def test_any_id_of_the_modern_profile_can_be_erased(modern: Client, name: str) -> None:
    await say(modern, name, "/hello")
    await say(modern, "a", "/hello")
    from urllib.parse import quote

    assert (await modern.delete(f"/conversations/{quote(name, safe='')}")).status_code == 204
    assert (await modern.get("/conversations")).json() == ["a"]


async def test_slashes_of_an_id_may_stand_as_they_are(modern: Client) -> None:
    await say(modern, "a/b", "/hello")
    assert (await modern.get("/conversations/a/b/log")).status_code == 200
    assert (await modern.delete("/conversations/a/b")).status_code == 204


async def test_routes_of_the_originals_are_not_taken_for_ids(modern: Client) -> None:
    await say(modern, "u/tracker", "/hello")
    assert (await modern.delete("/conversations/u/tracker")).status_code == 405
    assert (await modern.get("/conversations")).json() == ["u/tracker"]
