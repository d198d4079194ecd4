"""Recorded requests to Rasa 3.6.21 get the same answers."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tertulia.base.secret import Secret
from tertulia.model.archive import write_model
from tertulia.schema.channels import CALLBACK, SOCKETIO, CallbackChannel, SocketioChannel
from tertulia.server.settings import ServerSettings

from .bots import FOLDER, modern_bot, served
from .called import called_back
from .modern_http import read_exchanges, replay
from .modern_http_rules import BEARER_TOKEN, CORS_RULES, RULES

RECORDINGS = FOLDER / "modern" / "recordings"
OPEN = ServerSettings(enable_api=True, cors_origins=("*",))
SETTINGS = {
    "http_api": OPEN,
    "http_auth_token": replace(OPEN, auth_token=Secret("thetoken")),
    "http_auth_jwt": replace(OPEN, jwt_secret=Secret("jwtsecret" * 4)),
}


@pytest.mark.parametrize("file", SETTINGS)
async def test_recorded_requests_get_the_recorded_answers(
    file: str, scores: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot, models = modern_bot("mood"), tmp_path / "models"
    models.mkdir()
    write_model(bot, models / "m.tar.gz", "tar.gz")
    monkeypatch.chdir(tmp_path)
    rules = (BEARER_TOKEN, *RULES) if SETTINGS[file].auth_token else RULES
    async with called_back() as called:
        settings = replace(
            SETTINGS[file],
            model_roots=(models,),
            outgoing_hosts=(called.address,),
            channels={
                CALLBACK: CallbackChannel(url=f"http://{called.address}/bot"),
                SOCKETIO: SocketioChannel(session_persistence=True),
            },
        )
        async with served(bot, settings, name="m.tar.gz") as client:
            exchanges = read_exchanges(RECORDINGS / f"{file}.jsonl")
            found = await replay(file, exchanges, client, (rules, CORS_RULES), called)
    scores.extend(map(str, found))
    wrong = [each for score in found for each in score.differences]
    assert not wrong, "\n".join([*map(str, found), *wrong])
