"""What is too much for one request, one conversation or the server, and how that is said."""

import asyncio
from typing import Any

import pytest
from tests.http.conftest import Profile, connect

from tertulia.base.errors import RequestError
from tertulia.engine.turnstile import Turnstile
from tertulia.schema.access import Limits
from tertulia.server.patience import Patient
from tertulia.server.stopping import Stopping
from tertulia.server.turns import Turns

SLOT = {"event": "slot", "name": "s", "value": 1}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/conversations/u/tracker/events"),
        ("PUT", "/conversations/u/tracker/events"),
        ("POST", "/model/predict"),
    ],
)
async def test_too_many_events_are_refused_before_any_is_read(
    profile: Profile, method: str, path: str
) -> None:
    async with connect(profile, limits=Limits(events=2)) as client:
        enough = await client(method, path, [SLOT] * 2)
        answer = await client(method, path, [None] * 3)
    assert enough.status_code == 200
    assert answer.status_code == 413
    assert answer.json()["error_code"] == "T851"
    assert answer.headers["connection"] == "close"


async def test_ids_have_a_longest(profile: Profile) -> None:
    async with connect(profile, limits=Limits(id_length=8)) as client:
        for path in ("/conversations/%C3%BC2345678/tracker", "/conversations/123456789/tracker"):
            answer = await client.get(path)
            assert answer.status_code == (200 if "%" in path else 400)
        said = await client.post("/webhooks/rest/webhook", {"sender": "9" * 9, "message": "hi"})
    assert (said.status_code, said.json()["error_code"]) == (400, "T850")


async def test_how_deep_a_body_may_be_is_a_setting(profile: Profile) -> None:
    async with connect(profile, limits=Limits(json_depth=3)) as client:
        answer = await client.post("/parse", {"text": "hi", "more": [[[1]]]})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "T803")


async def test_no_more_turns_are_begun_than_the_server_takes() -> None:
    turns = Turns(10.0, Stopping(), most=1)
    gate = asyncio.Event()
    first = turns.start(gate.wait())
    refused = gate.wait()
    with pytest.raises(RequestError) as caught:
        turns.start(refused)
    gate.set()
    await first
    assert caught.value.code == "T853"
    assert await turns.run(gate.wait())


async def test_a_busy_server_says_when_to_come_back(profile: Profile) -> None:
    async with connect(profile, limits=Limits(turns=1)) as client:
        served: Any = client.app.app.state.served  # type: ignore[union-attr]
        gate = asyncio.Event()
        running = served.turns.start(gate.wait())
        answer = await client.post("/webhooks/rest/webhook", {"message": "hi"})
        gate.set()
        await running
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["reason"] == "TooManyTurns"


async def test_a_conversation_with_a_full_queue_is_429(profile: Profile) -> None:
    async with connect(profile) as client:
        turnstile = Turnstile(queue=0)
        client.service.processor.conversations.turnstile = turnstile
        await turnstile.enter("u")
        answer = await client.get("/conversations/u/respond?q=hi")
        turnstile.leave("u")
        after = await client.get("/conversations/u/respond?q=hi")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
    assert (answer.json()["error_code"], after.status_code) == ("T608", 200)


async def test_a_body_must_arrive_in_time() -> None:
    async def never() -> Any:
        await asyncio.Event().wait()

    patient = Patient(never, 0.0)
    with pytest.raises(RequestError) as caught:
        await patient.receive()
    assert caught.value.code == "T852"


async def test_who_has_sent_everything_may_be_waited_for() -> None:
    pieces: list[Any] = [
        {"type": "http.request", "body": b"x", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def give() -> Any:
        return pieces.pop(0)

    patient = Patient(give, 60.0)
    assert (await patient.receive())["type"] == "http.request"
    assert (await patient.receive())["type"] == "http.disconnect"
