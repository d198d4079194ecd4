"""What is in the store, against what was answered: nothing lost, nothing twice, all in order."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from talkers import Said

_NUMBER = re.compile(r'^/say\{"n": "(\d+)"\}$')
_RING = "EXTERNAL: ring"


@dataclass
class Found:
    """What is wrong, one line for each thing; and how much was looked at."""

    lost: list[str] = field(default_factory=list[str])
    messages: int = 0
    events: int = 0
    reminders: int = 0
    cut_off: int = 0
    told: int = 0


def compare(said: Sequence[Said], logs: dict[str, list[dict[str, Any]]]) -> Found:
    """Return what is wrong with the logs of conversations."""
    found = Found()
    for each in said:
        log = logs.get(each.name, [])
        found.events += len(log)
        found.messages += len(each.answered)
        found.cut_off += len(each.cut_off)
        found.reminders += len(each.scheduled)
        found.lost += [f"{each.name}: {line}" for line in _wrong(each, log)]
    return found


def _wrong(said: Said, log: Sequence[dict[str, Any]]) -> Iterable[str]:
    texts = [event.get("text") or "" for event in log if event["event"] == "user"]
    numbers = [int(match[1]) for match in map(_NUMBER.match, texts) if match]
    if numbers != list(range(1, said.sent + 1)):
        yield f"its messages are {_shown(numbers)}, sent were 1 to {said.sent}"
    answers = _answers(log)
    missing = [number for number in said.answered if answers[number] != 1]
    if missing:
        yield f"answered, but not answered once in the log: {missing}"
    rung = sum(text == _RING for text in texts)
    if rung != len(said.scheduled):
        yield f"{rung} reminders have fired, {len(said.scheduled)} were scheduled"
    yield from said.refused
    if said.under_way:
        yield "is stuck"


def _answers(log: Iterable[dict[str, Any]]) -> Counter[int]:
    """Return how many utterances follow each message, before the next one of whatever kind."""
    answers, number = Counter[int](), 0
    for event in log:
        if event["event"] == "user":
            match = _NUMBER.match(event.get("text") or "")
            number = int(match[1]) if match else 0
        elif event["event"] == "bot" and number:
            answers[number] += 1
    return answers


def _shown(numbers: Sequence[int]) -> str:
    counted = Counter(numbers)
    twice = [number for number, count in counted.items() if count > 1]
    missing = [number for number in range(1, max(numbers, default=0)) if number not in counted]
    return f"up to {max(numbers, default=0)}, missing {missing}, twice {twice}"


async def logs_of(port: int) -> tuple[dict[str, list[dict[str, Any]]], list[str]]:
    """Return every log of the database, and what is wrong with its books."""
    connection = await asyncpg.connect(host="127.0.0.1", port=port, user="postgres", database="bot")
    try:
        await _until_nothing_is_due(connection)
        logs: dict[str, list[dict[str, Any]]] = {}
        for sender_id, data in await connection.fetch(
            "SELECT sender_id, data FROM events ORDER BY id"
        ):
            logs.setdefault(sender_id, []).append(json.loads(data))
        wrong = [
            f"{row[0]}: version {row[1]}, but {len(logs.get(row[0], []))} events"
            for row in await connection.fetch(
                "SELECT sender_id, version FROM tertulia_conversations"
            )
            if row[1] != len(logs.get(row[0], []))
        ]
        end = await connection.fetchval("SELECT position FROM tertulia_feed_end")
        told = await connection.fetchval(
            "SELECT sum(count) FROM tertulia_feed WHERE kind = 'event'"
        )
        total = sum(map(len, logs.values()))
        if not end == told == total:
            wrong.append(f"the feed ends at {end} with {told} events, stored are {total}")
        return logs, wrong
    finally:
        await connection.close()


async def _until_nothing_is_due(connection: Any, patience: float = 120.0) -> None:
    for _ in range(int(patience * 2)):
        if not await connection.fetchval("SELECT count(*) FROM tertulia_reminders"):
            return
        await asyncio.sleep(0.5)
