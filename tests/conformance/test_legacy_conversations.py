"""Recordings of Rasa Core 0.13.8 give the same answers and the same requests to other servers."""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import httpx2
import pytest
from msgspec.structs import replace

from tertulia.app import AppSettings, build_service
from tertulia.base.secret import Secret
from tertulia.model.content import Content
from tertulia.model.load import load_model
from tertulia.model.packed import pack_content
from tertulia.policies.learned import KerasPolicy
from tertulia.schema.channels import CALLBACK, REST, CallbackChannel
from tertulia.schema.endpoints import ActionEndpoint, LanguageEndpoint, ResponseEndpoint
from tertulia.server.settings import ServerSettings

from .bots import FOLDER, client_of, legacy_bot
from .called import Called, called_back
from .judging import Score
from .legacy_network import RecordedNetwork
from .legacy_replay import (
    Exchange,
    Recorded,
    action_server,
    language_server,
    read_exchanges,
    replay,
    response_server,
)
from .legacy_rules import RULES, own_reminders

Json = Any

RECORDINGS = FOLDER / "legacy" / "recordings"
SETTINGS = ServerSettings(profile="legacy", enable_api=True)
WITH_CHANNELS = replace(SETTINGS, channels={REST: None, CALLBACK: None})
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
    "nlg answers bad": httpx2.Response(200, json={"text": 5}),
    "nlg answers null": httpx2.Response(200, json=None),
    "nlg answers 500": httpx2.Response(500, text="no"),
    "action server down": "down",
    "action server down, chat": "down",
}
"""Answers of other servers that only the notes of the recording describe."""

WORDED = {"text": "from nlg", "buttons": [], "elements": []}
"""What the response server answered when nothing else is noted."""


async def run(
    file: str,
    bot: Content,
    settings: ServerSettings,
    monkeypatch: pytest.MonkeyPatch,
    *,
    endpoint: ActionEndpoint = PLAIN_ENDPOINT,
) -> tuple[Score, RecordedNetwork, Recorded]:
    """Replay a file; the recorded action server and network answer as they did."""
    exchanges = read_exchanges(RECORDINGS / f"{file}.jsonl")
    network = RecordedNetwork(exchanges, bot)
    monkeypatch.setattr(KerasPolicy, "predict", network.predict(KerasPolicy.predict))
    answers = answers_in_logs(exchanges)
    server = Recorded("action", lambda body: answers.get((body["sender_id"], body["next_action"])))
    clock = Clock(exchanges)
    monkeypatch.setattr("tertulia.app.SystemClock", lambda: clock)
    model = load_model(bot, name="model.tar.gz")
    packed = pack_content(bot, "model.tar.gz")
    settings_of_app = AppSettings(model=model, packed=packed, folder=FOLDER, store="memory")
    service = await build_service(settings_of_app)
    actions = action_server(server, endpoint)
    service.processor.outside = replace(service.processor.outside, actions=actions)

    async def before(exchange: Exchange) -> None:
        if clock.follow(exchange):
            await service.schedule.look()
            await service.schedule.stop()
        server.expect(exchange, UNRECORDED.get(exchange.note))

    async with called_back() as called, client_of(service, listening(settings, called)) as client:
        rules = (*RULES, own_reminders(exchanges))
        score = await replay(
            file,
            exchanges,
            client,
            rules,
            before=before,
            overruled=network.overruled,
        )
        score.differences += await wrong_calls(exchanges, called.so_far(), client)
    server.end()
    if network.same:
        score.notes.append(str(network))
    if server.compared:
        score.notes.append(f"{server.compared} requests to the action server the same")
    return score, network, server


def listening(settings: ServerSettings, called: Called) -> ServerSettings:
    """Return the settings with the callback channel where they name it."""
    if CALLBACK not in settings.channels:
        return settings
    channel = CallbackChannel(url=f"http://{called.address}/bot", token=Secret("cbtok"))
    return replace(settings, channels={**settings.channels, CALLBACK: channel})


async def wrong_calls(
    exchanges: Iterable[Exchange], calls: list[tuple[str, Json]], client: httpx2.AsyncClient
) -> list[str]:
    """Return how the calls differ from the recorded ones, and from what the bot said.

    More may be made than recorded where more was said, which the logs are compared for.
    """
    notes = [note for each in exchanges for note in each.traffic]
    recorded = [note["callback_request"] for note in notes if "callback_request" in note]
    wanted = [(each["path"], each["json"]) for each in recorded]
    wrong = [] if calls[: len(wanted)] == wanted else [f"calls {calls} instead of {wanted}"]
    for who in {body["recipient_id"] for _, body in calls}:
        shown = (await client.get(f"/conversations/{who}/tracker?include_events=ALL")).json()
        said = [event["text"] for event in shown["events"] if event["event"] == "bot"]
        heard = [body["text"] for _, body in calls if body["recipient_id"] == who]
        wrong += [] if said == heard else [f"{who} heard {heard} of {said}"]
    return wrong


class Clock:
    """Stands still, three seconds before the first reminder, until a note says how much later."""

    def __init__(self, exchanges: Iterable[Exchange]) -> None:
        times = re.findall(_TIME, str([each.recorded for each in exchanges]))
        first = min(times, default="2999-01-01T00:00:00")
        self._start = datetime.fromisoformat(first).replace(tzinfo=UTC).timestamp() - 3
        self._now = self._start

    def now(self) -> float:
        return self._now

    def follow(self, exchange: Exchange) -> bool:
        """Move on if a note says so. Tell whether the clock moved."""
        later = re.match(r"(\d+) s later", exchange.note)
        if later is None or self._now > self._start:
            return False
        self._now = self._start + float(later[1])
        return True


_TIME = r"2999-\d\d-\d\dT[\d:.]+"


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


def check(score: Score, network: RecordedNetwork, server: Recorded) -> None:
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
    found = await run("fallback_two_stage", legacy_bot("fallback"), WITH_CHANNELS, monkeypatch)
    scores.append(str(found[0]))
    check(*found)


async def test_every_route_answers_as_recorded(
    monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    found = await run("mood_api", legacy_bot("mood"), SETTINGS, monkeypatch)
    scores.append(str(found[0]))
    check(*found)


async def test_reminders_fire_as_recorded(
    monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    found = await run("reminders", legacy_bot("fallback"), WITH_CHANNELS, monkeypatch)
    scores.append(str(found[0]))
    check(*found)


UNDERSTOOD: Json = {
    "intent": {"name": "hello", "confidence": 1.0},
    "entities": [],
    "intent_ranking": [{"name": "hello", "confidence": 1.0}],
    "text": "t",
    "project": "p",
    "model": "m",
}
"""What the NLU server answered, as the tracker shows it, when nothing else is noted."""

WITHOUT_ENTITIES = {"intent": UNDERSTOOD["intent"], "text": "t"}
UNDERSTOOD_ELSE: Mapping[str, httpx2.Response] = {
    "nlu answers 500": httpx2.Response(500, text="no"),
    "nlu answers badjson": httpx2.Response(200, text="no"),
    "nlu answers noent": httpx2.Response(200, json=WITHOUT_ENTITIES),
}


@pytest.mark.parametrize(
    ("file", "named", "understood", "asked"),
    [
        ("nlu_nlg_http_myproject_mymodel", ("myproject", "mymodel"), UNDERSTOOD_ELSE, (4, 5)),
        # The recording shows that nothing was understood, and not what was answered.
        ("nlu_nlg_http_onlymodel", ("", "onlymodel"), {"": httpx2.Response(500)}, (1, 0)),
    ],
)
async def test_messages_and_words_are_asked_for_as_recorded(
    file: str,
    named: tuple[str, str],
    understood: Mapping[str, httpx2.Response],
    asked: tuple[int, int],
    scores: list[str],
) -> None:
    exchanges = read_exchanges(RECORDINGS / f"{file}.jsonl")
    nlu = Recorded("nlu", lambda body: UNDERSTOOD, lambda path: path.replace("?token=", "?tk="))
    nlg = Recorded("nlg", lambda body: WORDED)
    model = load_model(legacy_bot("mood", "policies_memo.yml"), name="model.tar.gz")
    service = await build_service(AppSettings(model=model, folder=FOLDER, store="memory"))
    endpoint = LanguageEndpoint(
        url="http://127.0.0.1:46285",
        token=Secret("nlutoken"),
        token_name="tk",
        project=named[0],
        model=named[1],
    )
    wording = ResponseEndpoint(url="http://127.0.0.1:5056/nlg", token=Secret("nlgtoken"))
    service.processor.outside = replace(
        service.processor.outside,
        responses=response_server(nlg, wording),
        language=language_server(nlu, endpoint),
    )

    async def before(exchange: Exchange) -> None:
        nlg.expect(exchange, UNRECORDED.get(exchange.note))
        nlu.expect(exchange, understood.get(exchange.note))

    async with client_of(service, SETTINGS) as client:
        score = await replay(
            file,
            exchanges,
            client,
            RULES,
            before=before,
            overruled=set(),
        )
    for server in (nlu, nlg):
        server.end()
    score.notes.append(f"{nlu.compared} requests to the NLU server the same")
    score.notes.append(f"{nlg.compared} to the response server")
    scores.append(str(score))
    wrong = [*score.differences, *nlu.differences, *nlg.differences]
    assert not wrong, "\n".join([str(score), *wrong])
    assert (nlu.asked, nlg.asked) == asked
