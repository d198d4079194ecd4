"""A server killed under load has lost no turn that it had answered."""

import asyncio
import itertools
import json
import random
import signal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.events import ActionExecuted, BotUttered, Event, UserUttered

from .programs import Server, copied, run, serving

KILLS = 20
SENDERS = 8
Answered = dict[str, list[int]]


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied("smalltalk", tmp_path_factory.mktemp("killed"))
    done = run("train", folder=folder)
    assert done.status == 0, done.err
    return folder


@pytest.mark.slow
def test_no_answered_turn_is_lost_by_twenty_kills_under_load(bot: Path) -> None:
    answered: Answered = defaultdict(list)
    senders: dict[str, Iterator[int]] = {
        f"sender-{index}": iter(itertools.count()) for index in range(SENDERS)
    }
    chance = random.Random(20)  # noqa: S311 - the moments of death, to be had again
    for _ in range(KILLS):
        with serving("--enable-api", folder=bot) as server:
            talk_until_killed(server, senders, answered, chance.uniform(0.05, 0.4))
    assert sum(map(len, answered.values())) > KILLS * SENDERS
    for sender, numbers in answered.items():
        log = asyncio.run(stored(bot, sender))
        said = [event.metadata["n"] for event in log if isinstance(event, UserUttered)]
        assert sorted(set(said)) == said, f"{sender}: turns are stored out of order or twice"
        missing = set(numbers) - set(said)
        assert not missing, f"{sender}: {len(missing)} answered turns are not stored"
        check_turns_are_whole(log, set(numbers))


def talk_until_killed(
    server: Server, senders: dict[str, Iterator[int]], answered: Answered, seconds: float
) -> None:
    """Let all senders talk at once; kill the server in the middle of it."""

    async def talk(sender: str, numbers: Iterator[int]) -> None:
        host, _, port = server.base.removeprefix("http://").partition(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        try:
            for number in numbers:
                if await turn(reader, writer, sender, number):
                    answered[sender].append(number)
        except (OSError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()
            await asyncio.gather(writer.wait_closed(), return_exceptions=True)

    async def all_at_once() -> None:
        talks = [asyncio.create_task(talk(name, numbers)) for name, numbers in senders.items()]
        await asyncio.sleep(seconds)
        server.process.send_signal(signal.SIGKILL)
        await asyncio.gather(*talks)

    asyncio.run(all_at_once())
    server.process.wait(10)


async def turn(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sender: str, number: int
) -> bool:
    """Say one thing; tell whether the whole answer came.

    By hand, since the moments of death are to fall on a busy server, not on a busy client.
    """
    body = json.dumps({"sender": sender, "message": "/greet", "metadata": {"n": number}}).encode()
    head = f"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    answer = await reader.readuntil(b"\r\n\r\n")
    fields = dict(
        line.lower().split(": ", 1) for line in answer.decode().splitlines()[1:] if ": " in line
    )
    messages = json.loads(await reader.readexactly(int(fields["content-length"])))
    return answer.startswith(b"HTTP/1.1 200") and bool(messages)


async def stored(bot: Path, sender: str) -> list[Event]:
    store = await SqliteStore.open(bot / ".tertulia" / "conversations.db")
    try:
        return list((await store.load(sender)).events)
    finally:
        await store.close()


def check_turns_are_whole(log: list[Event], numbers: set[int]) -> None:
    """Every answered turn ends with what was said and with listening again."""
    number = 0
    said: dict[int, list[type[Event]]] = defaultdict(list)
    for event in log:
        if isinstance(event, UserUttered):
            number = event.metadata["n"]
        said[number].append(type(event))
    for answered in numbers:
        assert BotUttered in said[answered]
        assert said[answered][-1] is ActionExecuted
