"""Bodies that cannot be read: malformed, too deep, too large."""

import asyncio
import json
from typing import Any

import pytest
from tests.http.conftest import Client, Profile, connect
from tests.http.test_rest import request

from tertulia.schema.access import Limits
from tertulia.server.body import DEPTH

POSTED = (
    "/conversations/u/tracker/events",
    "/conversations/u/respond",
    "/conversations/u/execute",
    "/conversations/u/messages",
    "/model/predict",
    "/model/parse",
    "/webhooks/rest/webhook",
)


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize(
    "body", [b"", b"{", b"query=/hello", b'"\xff"', b'"\\ud800"', b"NaN", b"1e999"]
)
async def test_what_is_no_json_is_refused(client: Client, path: str, body: bytes) -> None:
    await client.put("/conversations/u/tracker/events", [])
    answer = await client.post(path, content=body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "T801"


@pytest.mark.parametrize("path", POSTED)
@pytest.mark.parametrize("depth", [DEPTH + 1, 100_000])
async def test_json_that_is_too_deep_is_refused(client: Client, path: str, depth: int) -> None:
    await client.put("/conversations/u/tracker/events", [])
    answer = await client.post(path, content=b"[" * depth + b"]" * depth)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "T803"


async def test_json_as_deep_as_allowed_is_read(client: Client) -> None:
    value = b"[" * (DEPTH - 1) + b"]" * (DEPTH - 1)
    body = b'{"event": "slot", "name": "cuisine", "value": ' + value + b"}"
    answer = await client.post("/conversations/u/tracker/events", content=body)
    assert answer.status_code == 200


@pytest.mark.parametrize("number", ["123456789012345678901234567890", "1e308", "-0.0"])
async def test_any_number_survives(client: Client, number: str) -> None:
    body = f'{{"event": "slot", "name": "cuisine", "value": {number}}}'
    answer = await client.post("/conversations/u/tracker/events", content=body)
    assert answer.json()["slots"]["cuisine"] == json.loads(number)


@pytest.mark.parametrize("path", POSTED)
async def test_a_body_above_the_limit_is_refused(profile: Profile, path: str) -> None:
    async with connect(profile, limits=Limits(body_bytes=1000)) as client:
        await client.put("/conversations/u/tracker/events", [])
        answer = await client.post(path, content=b" " * 1001)
        assert answer.status_code == 413
        assert answer.json()["reason"] == "PayloadTooLarge"
        assert (await client.post(path, content=b" " * 1000)).status_code == 400


async def test_an_announced_body_above_the_limit_is_not_read(profile: Profile) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async with connect(profile, limits=Limits(body_bytes=10)) as client:
        await request(client, "/webhooks/rest/webhook", b"", b"x" * 11, send)
    assert sent[0]["status"] == 413


async def test_reading_stops_at_the_limit(profile: Profile) -> None:
    chunk, asked = b" " * 1000, 0
    statuses: list[int] = []

    async def receive() -> Any:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return {"type": "http.request", "body": chunk, "more_body": True}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async with connect(profile, limits=Limits(body_bytes=10_000)) as client:
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/webhooks/rest/webhook",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"transfer-encoding", b"chunked")],
        }
        await client.app(scope, receive, send)
    assert statuses == [413]
    assert asked == 11
