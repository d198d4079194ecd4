"""Replays recorded conversations of Rasa 3.6.21 and compares event by event."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from .normal import first_difference, normal


class Difference(msgspec.Struct, frozen=True):
    """One conversation's first difference in one respect."""

    conversation: str
    respect: str
    what: str


class Score(msgspec.Struct):
    """How many conversations equal the recording, by respect."""

    file: str
    total: int = 0
    passed: dict[str, int] = msgspec.field(
        default_factory=lambda: {"responses": 0, "events": 0, "next": 0}
    )
    forgotten: int = 0
    differences: list[Difference] = msgspec.field(default_factory=list[Difference])

    def __str__(self) -> str:
        counts = " ".join(f"{name} {count}/{self.total}" for name, count in self.passed.items())
        return f"{self.file}: {counts} (earlier sessions kept: {self.forgotten})"

    def note(self, conversation: str, respect: str, wanted: Any, got: Any) -> None:
        if wanted == got:
            self.passed[respect] += 1
        else:
            what = first_difference(wanted, got)
            self.differences.append(Difference(conversation, respect, what))


def conversations(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the recorded conversations of a file."""
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        if record["kind"] == "conversation":
            yield record


async def replay(path: Path, client: httpx2.AsyncClient) -> Score:
    """Replay every conversation of a file against a server."""
    score = Score(path.stem)
    for record in conversations(path):
        await _replay_one(record, client, score)
    return score


class Acted(msgspec.Struct, frozen=True):
    """What a conversation did, and what its recording did: names of actions in order."""

    conversation: str
    got: list[str]
    wanted: list[str]


async def replay_actions(path: Path, client: httpx2.AsyncClient) -> list[Acted]:
    """Replay every conversation of a file and return only what was done."""
    found: list[Acted] = []
    for record in conversations(path):
        for step in record["steps"]:
            await client.request(step["method"], step["path"], json=step["request"])
        name = record["id"]
        answer = await client.get(f"/conversations/{name}/tracker?include_events=ALL")
        found.append(
            Acted(name, _actions(answer.json()["events"]), _actions(record["tracker"]["events"]))
        )
    return found


def _actions(events: list[dict[str, Any]]) -> list[str]:
    return [event["name"] for event in events if event["event"] == "action"]


async def _replay_one(record: dict[str, Any], client: httpx2.AsyncClient, score: Score) -> None:
    name = record["id"]
    score.total += 1
    wanted: list[Any] = []
    got: list[Any] = []
    for step in record["steps"]:
        if "sleep" in step:
            await asyncio.sleep(step["sleep"])
            continue
        answer = await client.request(step["method"], step["path"], json=step["request"])
        left, right = _comparable(step["response"], _body(answer))
        wanted.append([step["status"], left])
        got.append([answer.status_code, right])
    score.note(name, "responses", wanted, got)
    answer = await client.get(f"/conversations/{name}/tracker?include_events=ALL")
    log = normal(answer.json()["events"])
    kept = normal(record["tracker"]["events"])
    score.note(name, "events", kept, _without_forgotten(log, kept, score))
    answer = await client.post(f"/conversations/{name}/predict")
    score.note(name, "next", _best(record["predict_after"]), _best(_body(answer)))


def _without_forgotten(log: list[Any], kept: list[Any], score: Score) -> list[Any]:
    """Return our log without the sessions that the recorded server forgot.

    Its store in memory kept only what its last turn had loaded, the newest session; ours keeps
    all. Listed in docs/compatibility.md.
    """
    tail = log[-len(kept) :]
    if len(log) > len(kept) and tail[0].get("name") == "action_session_start":
        score.forgotten += 1
        return tail
    return log


def _comparable(wanted: Any, got: Any) -> tuple[Any, Any]:
    """The tracker inside a response is compared through its events, once, at the end."""
    wanted, got = normal(wanted), normal(got)
    if isinstance(wanted, dict) and isinstance(got, dict):
        if "tracker" in got:
            got, wanted = ({k: v for k, v in d.items() if k != "tracker"} for d in (got, wanted))
        if "events" in wanted:
            return wanted["events"], got.get("events")
    return wanted, got


def _body(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.text


def _best(prediction: Any) -> str | None:
    scores = prediction.get("scores") if isinstance(prediction, dict) else None
    return max(scores, key=lambda each: each["score"] or 0)["action"] if scores else None
