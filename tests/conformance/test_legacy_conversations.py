"""Recordings of Rasa Core 0.13.8 give the same answers and the same requests to other servers."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import httpx2
import pytest

from tertulia.base.secret import Secret
from tertulia.model.content import Content
from tertulia.policies.learned import KerasPolicy
from tertulia.schema.endpoints import ActionEndpoint
from tertulia.server.settings import ServerSettings

from .bots import FOLDER, legacy_bot, served
from .legacy_network import RecordedNetwork
from .legacy_replay import Exchange, LegacyScore, Recorded, action_server, read_exchanges, replay
from .legacy_rules import RULES

Json = Any

RECORDINGS = FOLDER / "legacy" / "recordings"
SETTINGS = ServerSettings(profile="legacy", enable_api=True)
WITH_REST = ServerSettings(profile="legacy", enable_api=True, channels={"rest": None})
ABSENT = re.compile(r"/(evaluate|finetune|model)\b|/webhooks/callback")
"""Routes that docs/compatibility.md calls absent."""

SURE = 0.6
"""Confidence of the recorded network from which on ours must decide the same."""

RESTO_ENDPOINT = ActionEndpoint(
    url="http://127.0.0.1:5055/webhook", token=Secret("tok123"), headers={"X-My": Secret("hv")}
)
PLAIN_ENDPOINT = ActionEndpoint(url="http://127.0.0.1:5055/webhook")

_HAVING = [
    {"text": "t", "elements": [{"title": "a"}], "image": "http://i"},
    {"image": "http://j"},
    {"attachment": "http://k"},
    {"text": None},
    {},
]
UNRECORDED: Mapping[str, httpx2.Response | Literal["down"]] = {
    "action server answers an invalid schema": httpx2.Response(200, json={"events": "none"}),
    "action server answers {}": httpx2.Response(200, json={}),
    "action server answers 500": httpx2.Response(500, text="no"),
    "action server answers no JSON": httpx2.Response(200, text="no"),
    "action server rejects (400)": httpx2.Response(
        400, json={"action_name": "action_search", "error": "no"}
    ),
    "unknown event from the action server": httpx2.Response(
        200, json={"events": [{"event": "unheard of"}], "responses": [{"text": "t"}]}
    ),
    "all kinds of responses, event with own timestamp": httpx2.Response(
        200,
        json={
            "events": [{"event": "slot", "name": "rating", "value": 2, "timestamp": 1.5}],
            "responses": _HAVING,
        },
    ),
    "action server down": "down",
    "action server down, chat": "down",
}
"""Answers of the action server that only the notes of the recording describe."""


async def run(
    file: str,
    bot: Content,
    settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
    *,
    endpoint: ActionEndpoint = PLAIN_ENDPOINT,
) -> tuple[LegacyScore, RecordedNetwork, Recorded]:
    """Replay a file; the recorded action server and network answer as they did."""
    exchanges = read_exchanges(RECORDINGS / f"{file}.jsonl")
    network = RecordedNetwork(exchanges, bot)
    monkeypatch.setattr(KerasPolicy, "predict", network.predict(KerasPolicy.predict))
    server = Recorded("action", answers_in_logs(exchanges))
    async with served(bot, settings, actions=action_server(server, endpoint)) as client:
        score = await replay(
            file,
            exchanges,
            client,
            RULES,
            before=lambda each: server.expect(each, UNRECORDED.get(each.note)),
            absent=ABSENT,
        )
    server.end()
    score.notes.append(str(network))
    if server.compared:
        score.notes.append(f"{server.compared} requests to the action server the same")
    return score, network, server


def answers_in_logs(exchanges: Iterable[Exchange]) -> dict[tuple[str, str], Json]:
    """Return what custom actions answered, from the logs of the conversations they ran in."""
    found: dict[tuple[str, str], Json] = {}
    for exchange in exchanges:
        events = exchange.recorded.get("events") if isinstance(exchange.recorded, dict) else None
        for index, event in enumerate(events or ()):
            if event["event"] == "action" and str(event["name"]).startswith("action_set_"):
                key = (exchange.recorded["sender_id"], event["name"])
                found[key] = _answer_in(events[index + 1 :])
    return found


def _answer_in(events: list[dict[str, Json]]) -> Json:
    until = next(i for i, event in enumerate(events) if event["event"] == "action")
    own = [{**e, "timestamp": None} for e in events[:until] if e["event"] != "bot"]
    said = [{"text": e["text"]} for e in events[:until] if e["event"] == "bot"]
    return {"events": own, "responses": said}


def check(score: LegacyScore, network: RecordedNetwork, server: Recorded) -> None:
    wrong = [*score.differences, *server.differences, *network.wrong_where_sure(SURE)]
    assert not wrong, "\n".join([str(score), *wrong])


async def test_forms_and_custom_actions_run_as_recorded(
    monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    found = await run(
        "resto_actions_forms", legacy_bot("resto"), SETTINGS, monkeypatch, endpoint=RESTO_ENDPOINT
    )
    scores.append(str(found[0]))
    check(*found)
    assert found[2].compared == 14


async def test_every_kind_of_event_is_taken_as_recorded(
    monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    found = await run("resto_events", legacy_bot("resto"), SETTINGS, monkeypatch)
    scores.append(str(found[0]))
    check(*found)


async def test_the_fallback_asks_twice_as_recorded(
    monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    found = await run("fallback_two_stage", legacy_bot("fallback"), WITH_REST, monkeypatch)
    scores.append(str(found[0]))
    check(*found)


async def test_every_route_answers_as_recorded(
    monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    found = await run("mood_api", legacy_bot("mood"), SETTINGS, monkeypatch)
    scores.append(str(found[0]))
    check(*found)
