"""The action server's answers, status by status, as clients of the SDK expect them."""

import json
import sys
import zlib
from collections.abc import AsyncGenerator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from litestar.testing import AsyncTestClient

from tertulia.adapters.in_process.book import load_actions
from tertulia.adapters.in_process.runner import InProcessActions
from tertulia.server.actions import BODY_LIMIT, create_action_app

CODE = """
from tertulia.actions import action

@action("action_book")
async def book(ctx):
    await ctx.say("utter_booked", table=ctx.slots["table"])
    ctx.set_slot("size", ctx.domain.get("size"))

@action("action_reject")
async def reject(ctx):
    ctx.reject("not now")

@action("action_fail")
async def fail(ctx):
    raise ValueError("broken")
"""

Client = AsyncTestClient[Any]


@pytest.fixture
async def client(tmp_path: Path) -> AsyncGenerator[Client]:
    (tmp_path / "served_actions.py").write_text(dedent(CODE))
    path = list(sys.path)
    runner = InProcessActions(load_actions("served_actions", tmp_path), timeout=None)
    app = create_action_app(runner, cors_origins=("https://page.example",))
    async with AsyncTestClient(app) as http:
        yield http
    sys.path[:] = path
    del sys.modules["served_actions"]


def call(name: str | None, **more: Any) -> dict[str, Any]:
    tracker = {"sender_id": "me", "slots": {"table": 4}, "events": [], "latest_message": {}}
    body = {"next_action": name, "sender_id": "me", "tracker": tracker, "domain": {"size": 2}}
    return {**body, "version": "3.6.21", **more}


async def test_an_action_is_answered_with_events_and_responses(client: Client) -> None:
    answer = await client.post("/webhook", json=call("action_book"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {
        "events": [{"event": "slot", "timestamp": None, "name": "size", "value": 2}],
        "responses": [
            {
                "text": None,
                "buttons": [],
                "elements": [],
                "custom": {},
                "template": "utter_booked",
                "response": "utter_booked",
                "image": None,
                "attachment": None,
                "table": 4,
            }
        ],
    }


@pytest.mark.parametrize("domain", [{}, None])
async def test_a_request_without_a_domain_is_served(client: Client, domain: Any) -> None:
    answer = await client.post("/webhook", json=call("action_book", domain=domain))
    assert answer.json()["events"][0]["value"] is None


async def test_an_unknown_action_is_not_found_by_name(client: Client) -> None:
    answer = await client.post("/webhook", json=call("action_gone"))
    assert answer.status_code == 404
    error = "No registered action found for name 'action_gone'."
    assert answer.json() == {"error": error, "action_name": "action_gone"}


async def test_a_rejection_names_its_action(client: Client) -> None:
    answer = await client.post("/webhook", json=call("action_reject"))
    assert answer.status_code == 400
    assert answer.json() == {"error": "not now", "action_name": "action_reject"}


async def test_a_failure_returns_the_request(client: Client) -> None:
    request = call("action_fail")
    answer = await client.post("/webhook", json=request)
    assert answer.status_code == 500
    assert answer.json() == {"error": "broken", "request_body": request}


@pytest.mark.parametrize("name", [None, ""])
async def test_a_request_that_names_no_action_is_answered_with_null(
    client: Client, name: str | None
) -> None:
    answer = await client.post("/webhook", json=call(name))
    assert (answer.status_code, answer.content) == (200, b"null")


@pytest.mark.parametrize(
    "content",
    [b"", b"null", b"[]", b"{", b'{"tracker": 1}', b'{"next_action": 1}', b"\xff", b"[" * 100_000],
)
async def test_a_body_that_is_no_request_is_refused_without_an_action(
    client: Client, content: bytes
) -> None:
    answer = await client.post("/webhook", content=content)
    assert answer.status_code == 400
    assert answer.json() == {"error": "Invalid body request"}


async def test_a_packed_body_is_unpacked(client: Client) -> None:
    packed = zlib.compress(json.dumps(call("action_book")).encode())
    answer = await client.post("/webhook", content=packed, headers={"Content-Encoding": "deflate"})
    assert answer.status_code == 200
    assert answer.json()["events"][0]["value"] == 2


@pytest.mark.parametrize(
    "content",
    [b"not packed", zlib.compress(b"{}")[:-3], zlib.compress(b" " * (BODY_LIMIT + 1))],
    ids=["not packed", "cut off", "a bomb"],
)
async def test_a_body_that_cannot_be_unpacked_is_refused(client: Client, content: bytes) -> None:
    answer = await client.post("/webhook", content=content, headers={"Content-Encoding": "deflate"})
    assert answer.status_code == 400


async def test_the_server_says_that_it_is_well(client: Client) -> None:
    answer = await client.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_the_server_lists_its_actions(client: Client) -> None:
    answer = await client.get("/actions")
    assert answer.json() == [
        {"name": "action_book"},
        {"name": "action_reject"},
        {"name": "action_fail"},
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/webhook", 405), ("GET", "/", 404)]
)
async def test_other_requests_are_refused_in_json(
    client: Client, method: str, path: str, status: int
) -> None:
    answer = await client.request(method, path)
    assert answer.status_code == status
    assert "error" in answer.json()


async def test_pages_of_named_origins_may_read_answers(client: Client) -> None:
    answer = await client.get("/health", headers={"Origin": "https://page.example"})
    assert answer.headers["access-control-allow-origin"] == "https://page.example"
    other = await client.get("/health", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in other.headers
