"""Recorded requests to Rasa 3.6.21 get the same answers."""

import re

import pytest
from msgspec.structs import replace

from tertulia.base.secret import Secret
from tertulia.server.settings import ServerSettings

from .bots import FOLDER, modern_bot, served
from .modern_http import Exchange, read_exchanges, replay
from .modern_http_rules import BEARER_TOKEN, CORS_RULES, RULES

RECORDINGS = FOLDER / "modern" / "recordings"
OPEN = ServerSettings(enable_api=True, cors_origins=("*",))
SETTINGS = {
    "http_api": OPEN,
    "http_auth_token": replace(OPEN, auth_token=Secret("thetoken")),
    "http_auth_jwt": replace(OPEN, jwt_secret=Secret("jwtsecret" * 4)),
}
_CHANNELS = re.compile(r"/webhooks/(callback|socketio)\b|/socket\.io\b")
_MODELS = re.compile(r"/model(/train|/test/\w+)?(\?|$)")


@pytest.mark.parametrize("file", SETTINGS)
async def test_recorded_requests_get_the_recorded_answers(file: str, scores: list[str]) -> None:
    exchanges = read_exchanges(RECORDINGS / f"{file}.jsonl")
    async with served(modern_bot("mood"), SETTINGS[file], name="m.tar.gz") as client:
        rules = (BEARER_TOKEN, *RULES) if SETTINGS[file].auth_token else RULES
        found = await replay(file, exchanges, client, (rules, CORS_RULES), left_out)
    scores.extend(map(str, found))
    wrong = [each for score in found for each in score.differences]
    assert not wrong, "\n".join([*map(str, found), *wrong])


def left_out(exchange: Exchange) -> str | None:
    """Return why an exchange is not sent: it is about something that is not there."""
    if _CHANNELS.match(exchange.path):
        return "absent channels"
    if _MODELS.match(exchange.path) or exchange.note in _WITHOUT_MODEL:
        return "absent model routes"
    return None


_WITHOUT_MODEL = ("no model", "old conversation kept?")
"""Exchanges that only make sense after the model was taken away or exchanged."""
