"""A recorded client of the Socket.IO channel of Rasa 3.6.21 hears the same again."""

import json
from typing import Any

import pytest

from tertulia.app import AppSettings, build_service
from tertulia.model.load import load_model
from tertulia.model.packed import pack_content
from tertulia.schema.channels import SOCKETIO, SocketioChannel
from tertulia.server.settings import ServerSettings
from tests.http.socket_server import Transport, connected, listening_to

from .bots import FOLDER, modern_bot
from .judging import Answer, Score
from .normal import normal

RECORDING = FOLDER / "modern" / "recordings" / "socketio.jsonl"


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_recorded_client_hears_what_it_heard(
    transport: Transport, scores: list[str]
) -> None:
    content = modern_bot("mood")
    name = "m.tar.gz"
    settings = AppSettings(
        model=load_model(content, name=name),
        packed=pack_content(content, name),
        folder=FOLDER,
        store="memory",
    )
    channels = {SOCKETIO: SocketioChannel(session_persistence=True)}
    served = ServerSettings(channels=channels)
    score = Score(f"socketio over {transport}")
    async with (
        listening_to(await build_service(settings), served) as server,
        connected(server, transport) as client,
    ):
        for number, line in enumerate(RECORDING.read_text("utf-8").splitlines(), 1):
            frame = json.loads(line)
            name, payload = frame["event"], frame["payload"]
            if frame["dir"] == "send":
                await client.client.emit(name, payload)
            elif frame["dir"] == "recv":
                wanted = Answer(0, normal([name, payload]))
                got = Answer(0, normal(list(await client.next())))
                score.judge(number, f"{number} {name}", (wanted, got), ())
        await client.nothing_more()
    scores.append(str(score))
    assert not score.differences, "\n".join([str(score), *score.differences])
    assert score.total == score.equal == _received()


def _received() -> int:
    frames: list[Any] = [json.loads(each) for each in RECORDING.read_text("utf-8").splitlines()]
    return sum(frame["dir"] == "recv" for frame in frames)
