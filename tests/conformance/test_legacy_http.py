"""Recorded requests to Rasa Core 0.13.8 get the same answers: who may ask, and from where."""

import asyncio
import json

import pytest
from msgspec.structs import replace

from tertulia.base.secret import Secret
from tertulia.server.settings import ServerSettings

from .bots import FOLDER, legacy_bot, served
from .judging import Score
from .legacy_replay import JWT_SECRET, Allowed, Exchange, read_exchanges
from .legacy_replay import replay as send_all
from .legacy_rules import BEARER_TOKEN, CORS_RULES, RULES

RECORDINGS = FOLDER / "legacy" / "recordings"
OPEN = ServerSettings(profile="legacy", enable_api=True)
SETTINGS = {
    "auth_jwt": replace(OPEN, jwt_secret=Secret(JWT_SECRET)),
    "auth_token": replace(OPEN, auth_token=Secret("thisismysecret")),
    "cors": replace(OPEN, cors_origins=("http://ok.example",)),
    "no_enable_api": replace(OPEN, enable_api=False),
}


def at_once() -> list[tuple[str, int]]:
    """Return what was recorded of messages sent at once: how, and how many were kept."""
    lines = (RECORDINGS / "concurrency.jsonl").read_text("utf-8").splitlines()
    notes = [json.loads(line).get("_note", {}) for line in lines]
    return [
        ("?stream=true" if "stream=true" in note["what"] else "", note["user_events_stored"])
        for note in notes
        if "user_events_stored" in note
    ]


@pytest.mark.parametrize(("way", "kept"), at_once())
async def test_messages_at_once_of_one_conversation_are_all_kept(
    way: str, kept: int, scores: list[str]
) -> None:
    async with served(legacy_bot("mood", "policies_memo.yml"), OPEN) as client:
        body = {"sender": "one", "message": "/hello"}
        sent = [client.post(f"/webhooks/rest/webhook{way}", json=body) for _ in range(kept)]
        answers = await asyncio.gather(*sent)
        shown = await client.get("/conversations/one/tracker?include_events=ALL")
    assert {answer.status_code for answer in answers} == {200}
    kinds = [event["event"] for event in shown.json()["events"]]
    assert kinds.count("user") == kept == 20
    scores.append(f"concurrency{way}: {kept}/{kept} messages kept")


@pytest.mark.parametrize("file", SETTINGS)
async def test_recorded_requests_get_the_recorded_answers(file: str, scores: list[str]) -> None:
    settings = SETTINGS[file]
    allowed = Allowed(Score(f"{file} CORS"), CORS_RULES, settings.cors_origins)
    rules = (BEARER_TOKEN, *RULES) if settings.auth_token else RULES

    async def before(exchange: Exchange) -> None:
        return None

    async with served(legacy_bot("mood", "policies_memo.yml"), settings) as client:
        found = await send_all(
            file,
            read_exchanges(RECORDINGS / f"{file}.jsonl"),
            client,
            rules,
            before=before,
            overruled=set(),
            allowed=allowed,
        )
    both = (found, allowed.score)
    scores.extend(map(str, both))
    wrong = [each for score in both for each in score.differences]
    assert not wrong, "\n".join([*map(str, both), *wrong])
