"""Rasa 3.6.21's requests to a model server and a response server are made again."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tertulia.adapters.channels.collector import Collector
from tertulia.app import AppSettings, build_service
from tertulia.core.domain.model import Generation
from tertulia.core.incoming import Incoming
from tertulia.engine import pulling
from tertulia.engine.service import Service
from tertulia.model.archive import model_bytes
from tertulia.server.settings import ServerSettings

from .bots import FOLDER, client_of, modern_bot
from .legacy_normal import of_recorded_keys
from .normal import first_difference, normal
from .peer import Asked, Peer, Reply, listening

Json = Any

RECORDING = FOLDER / "modern" / "recordings" / "nlg_and_model_server.jsonl"
ENDPOINTS = """\
models:
  url: http://127.0.0.1:{models}/models/m.tar.gz
  wait_time_between_pulls: 2
  basic_auth:
    username: u
    password: p
nlg:
  url: http://127.0.0.1:{nlg}/nlg
  token: nlgtoken
  token_name: tok
  headers:
    X-Custom: "yes"
"""
COMPARED = ("authorization", "if-none-match", "x-custom")
STAMP = ("model_id", "assistant_id")


class Recorded:
    """One recorded request to another server, and its answer."""

    def __init__(self, record: Mapping[str, Json]) -> None:
        self.request = record["request"]
        self.response = record["response"]
        self.tracker: Json = (self.request["body"] or {}).get("tracker", {})
        self.said = [e for e in self.tracker.get("events", ()) if e["event"] == "user"]

    @property
    def is_pull(self) -> bool:
        return self.request["method"] == "GET"

    def reply(self) -> Reply:
        body = self.response["body"]
        if body == "<model archive>":
            data = model_bytes(modern_bot("mood"))
        else:
            data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return Reply(self.response["status"], self.response["headers"], data)

    def differs(self, asked: Asked) -> list[str]:
        """Return how a request of ours differs. Keys for servers of other generations are ours."""
        headers = {name.lower(): value for name, value in self.request["headers"].items()}
        wanted = [self.request["method"], self.request["path"]]
        got = [asked.method, asked.path]
        wanted += [str(normal(headers.get(name))) for name in COMPARED]
        got += [str(normal(asked.headers.get(name))) for name in COMPARED]
        found = [] if wanted == got else [f"asked {got}, wanted {wanted}"]
        body = self.request["body"]
        if body:
            left = normal(body)
            right = of_recorded_keys(left, normal(json.loads(asked.body)))
            found += [] if left == right else [first_difference(left, right)]
        return found


class Turns:
    """Says what the recorded users said, as soon as a recorded request tells of it."""

    def __init__(self, service: Service, nlg: Peer) -> None:
        self._service = service
        self._nlg = nlg
        self._said: dict[str, int] = {}
        self._turn: asyncio.Task[None] | None = None

    async def follow(self, recorded: Recorded) -> Asked:
        """Return our request in the place of this one."""
        name = recorded.tracker["sender_id"]
        if len(recorded.said) > self._said.get(name, 0):
            await self.end()
            self._said[name] = len(recorded.said)
            self._turn = asyncio.create_task(self._say(name, recorded))
        return await self._nlg.next()

    async def _say(self, name: str, recorded: Recorded) -> None:
        said, channel = recorded.said[-1], recorded.request["body"]["channel"]["name"]
        incoming = Incoming(
            sender_id=name,
            text=said["text"],
            input_channel=said["input_channel"],
            metadata={k: v for k, v in said["metadata"].items() if k not in STAMP},
        )
        await self._service.handle(incoming, Collector(name, Generation.MODERN, channel))

    async def end(self) -> None:
        if self._turn is not None:
            await asyncio.wait_for(self._turn, 60)
            self._turn = None


def is_silent(recorded: Recorded) -> bool:
    """Tell whether the user had said nothing at all, which begins no turn here."""
    return bool(recorded.said) and not recorded.said[-1]["text"]


async def test_other_servers_are_asked_as_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[str]
) -> None:
    monkeypatch.setattr(pulling, "_pause", lambda wait, failures: 0.01)
    lines = RECORDING.read_text("utf-8").splitlines()
    all_of_it = [Recorded(json.loads(line)) for line in lines]
    wanted = [each for each in all_of_it if not is_silent(each)]
    wrong: list[str] = []
    async with listening() as models, listening() as nlg:
        path = tmp_path / "endpoints.yml"
        path.write_text(ENDPOINTS.format(models=models.port, nlg=nlg.port))
        settings = AppSettings(model=None, folder=tmp_path, store="memory", endpoints=path)
        service = await build_service(settings)
        turns = Turns(service, nlg)
        async with client_of(service, ServerSettings(enable_api=True)) as client:
            first = asyncio.create_task(service.follow_models())
            for number, each in enumerate(wanted):
                asked = await (models.next() if each.is_pull else turns.follow(each))
                wrong += [f"{number}: {what}" for what in each.differs(asked)]
                asked.answer(each.reply())
                await first if each.is_pull else None
            await turns.end()
            status = (await client.get("/status")).json()
    scores.append(
        f"nlg_and_model_server: {len(wanted) - len(wrong)}/{len(wanted)} requests equal, "
        f"{len(all_of_it) - len(wanted)} by rule (no-text)"
    )
    assert not wrong, "\n".join(wrong)
    assert (status["model_file"], status["model_fingerprint"]) == ("model_v2.tar.gz", "v2")
