"""What event brokers were told, against the log: everything, and in order."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import aio_pika
import redis.asyncio

Place = tuple[str, int]
"""A conversation, and the number of an event in it."""

_PATIENCE = 180.0
_ON_DISK_WITHIN = 3.0
"""Seconds; RabbitMQ 3.10 that is killed 1.2 s after a durable queue was declared may not know that
queue any more, nor what it confirmed for it. Killed 2 to 12 s after it, it knew it 40 times of
40."""


async def declare_queue(port: int) -> None:
    """Declare the queue of the campaign, and wait until the server would know it after a crash."""
    async with await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/") as connection:
        await (await connection.channel()).declare_queue("told", durable=True)
    await asyncio.sleep(_ON_DISK_WITHIN)


async def from_rabbit(port: int) -> Sequence[bytes]:
    """Take the bodies that are in the queue of the campaign."""
    found: list[bytes] = []
    async with await aio_pika.connect(f"amqp://guest:guest@127.0.0.1:{port}/") as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("told", durable=True)
        while (message := await queue.get(fail=False, no_ack=True)) is not None:
            found.append(message.body)
    return found


async def from_stream(port: int) -> Sequence[bytes]:
    """Take the bodies that are in the stream of the campaign."""
    async with redis.asyncio.Redis(host="127.0.0.1", port=port) as client:
        entries: list[Any] = await client.xrange("told")
        await client.xdel("told", *[number for number, _ in entries] or ["0-1"])
    return [fields[b"body"] for _, fields in entries]


async def compare_told(
    logs: dict[str, list[dict[str, Any]]], receive: Callable[[], Awaitable[Sequence[bytes]]]
) -> tuple[int, list[str]]:
    """Return how many messages came, and what is wrong with them."""
    stored = {
        (name, number): float(event["timestamp"])
        for name, log in logs.items()
        for number, event in enumerate(log, 1)
    }
    wanted = set(stored)
    places: list[Place] = []
    for _ in range(int(_PATIENCE)):
        places += [_place(body) for body in await receive()]
        if wanted <= set(places):
            break
        await asyncio.sleep(1)
    wrong = list(_untold(stored, wanted - set(places)))
    wrong += [f"the broker was told of {each}" for each in sorted(set(places) - wanted)[:20]]
    return len(places), wrong + [f"told too late: {each}" for each in _disordered(places)]


def _untold(stored: dict[Place, float], missing: set[Place]) -> Iterable[str]:
    """Say what is missing, and whether that is all of some time, as when a queue was lost.

    stored: when each event was.
    """
    if not missing:
        return
    begun, times = min(stored.values()), [stored[each] for each in missing]
    first, last = min(times), max(times)
    others = sum(first <= at <= last for each, at in stored.items() if each not in missing)
    yield (
        f"the broker was never told of {len(missing)} events, stored {first - begun:.2f} to"
        f" {last - begun:.2f} s after the first of all; of {others} of that time it was told"
    )
    yield from (f"the broker was never told of {each}" for each in sorted(missing)[:10])


def _place(body: bytes) -> Place:
    message = json.loads(body)
    return message["sender_id"], message["seq"]


def _disordered(places: Iterable[Place]) -> list[Place]:
    """Return what came for the first time after something newer of its conversation."""
    newest: dict[str, int] = {}
    late: list[Place] = []
    for name, number in dict.fromkeys(places):
        if number < newest.get(name, 0):
            late.append((name, number))
        newest[name] = max(number, newest.get(name, 0))
    return late
