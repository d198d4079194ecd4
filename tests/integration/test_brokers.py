"""Brokers of a real server: away, back, and a server that is killed in between."""

import asyncio
import json
import shutil
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aio_pika
import pytest

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.events.codec import encode
from tests.conformance.stores.network import Proxy
from tests.conformance.stores.servers import named, need

from .programs import Server, copied, run, serving

RABBITMQ = ("127.0.0.1", 5672)
URL = "amqp://guest:guest@127.0.0.1:5672/"
Body = dict[str, Any]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copied("smalltalk", tmp_path_factory.mktemp("brokers"))
    done = run("train", folder=folder)
    assert done.status == 0, done.err
    return folder


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    folder = copied("smalltalk", tmp_path)
    shutil.copytree(trained / "models", folder / "models")
    return folder


def name_brokers(bot: Path, text: str) -> None:
    (bot / "endpoints.yml").write_text("event_broker:\n" + text, encoding="utf-8")


async def until(done: Callable[[], object], patience: float = 90) -> None:
    async with asyncio.timeout(patience):
        while not await asyncio.to_thread(done):  # noqa: ASYNC110 - a process of its own
            await asyncio.sleep(0.1)


async def stored(bot: Path, sender_id: str) -> list[Body]:
    """Return what brokers have to be told of a conversation."""
    store = await SqliteStore.open(bot / ".tertulia" / "conversations.db")
    try:
        events = (await store.load(sender_id)).events
    finally:
        await store.close()
    return [
        {"sender_id": sender_id, **encode(event), "seq": seq} for seq, event in enumerate(events, 1)
    ]


def heard(bodies: list[Body], sender_id: str) -> list[Body]:
    """Return what a reader knows of a conversation who drops what comes twice."""
    own = {each["event_id"]: each for each in bodies if each["sender_id"] == sender_id}
    return [{k: v for k, v in each.items() if k != "event_id"} for each in own.values()]


def lines(path: Path) -> list[Body]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[str]:
    need("RabbitMQ", RABBITMQ)
    name = named(tmp_path)
    yield name
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel()
        await channel.queue_delete(name)
        await channel.exchange_delete(f"x{name}")


async def arrived(name: str) -> list[Body]:
    async with await aio_pika.connect(URL) as connection:
        channel = await connection.channel()
        kept = await channel.declare_queue(name, durable=True)
        found: list[Body] = []
        while (message := await kept.get(fail=False)) is not None:
            found.append(json.loads(message.body))
        return found


def lag(server: Server) -> float:
    text = server.ask("/metrics")[1]
    (line,) = [each for each in text.splitlines() if each.startswith("tertulia_broker_lag_events{")]
    return float(line.rpartition(" ")[2])


@pytest.mark.slow
async def test_nothing_is_left_out_when_the_broker_is_away_and_the_server_is_killed(
    bot: Path, queue: str
) -> None:
    proxy = Proxy(RABBITMQ)
    host, port = await proxy.start()
    await proxy.cut()
    name_brokers(
        bot,
        f"  type: pika\n  url: {host}\n  port: {port}\n  username: guest\n  password: guest\n"
        f"  queues: [{queue}]\n  exchange_name: x{queue}\n  retry_delay_in_seconds: 0.5\n",
    )

    def talk(server: Server, first: int, last: int) -> None:
        for n in range(first, last):
            assert server.say("hello", f"u{n % 3}"), "a turn waits for the broker"

    with serving("--enable-api", folder=bot) as server:
        await asyncio.to_thread(talk, server, 0, 6)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(30)
    with serving("--enable-api", folder=bot) as server:
        await asyncio.to_thread(talk, server, 6, 12)
        await until(lambda: server.ask("/health/ready")[1].get("brokers") == {"pika": "failed"})
        assert (await asyncio.to_thread(server.ask, "/health/ready"))[0] == 200
        assert await asyncio.to_thread(lag, server) > 30
        await proxy.start()
        await until(lambda: lag(server) == 0)
        await asyncio.to_thread(talk, server, 12, 15)
        await until(lambda: lag(server) == 0)
        await proxy.cut()
        await asyncio.to_thread(talk, server, 15, 18)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait(30)
    await proxy.start()
    with serving("--enable-api", folder=bot) as server:
        await until(lambda: lag(server) == 0)
        assert server.ask("/health/ready")[1]["brokers"] == {"pika": "ok"}
        await asyncio.to_thread(server.stop)
    await proxy.cut()
    bodies = await arrived(queue)
    for sender_id in ("u0", "u1", "u2"):
        expected = await stored(bot, sender_id)
        assert len(expected) > 20
        assert heard(bodies, sender_id) == expected


async def test_what_was_stored_last_is_delivered_before_the_server_ends(bot: Path) -> None:
    name_brokers(bot, "- type: file\n- type: sql\n  db: archive.db\n")
    with serving(folder=bot) as server:
        await asyncio.to_thread(server.say, "hello", "me")
        assert await asyncio.to_thread(server.stop) == 0
    assert heard(lines(bot / "rasa_event.log"), "me") == await stored(bot, "me")
    assert (bot / "archive.db").exists()


@pytest.mark.slow
async def test_of_several_workers_one_tells_the_brokers(bot: Path) -> None:
    name_brokers(bot, "  type: file\n")

    def talk(server: Server) -> None:
        for n in range(24):
            assert server.say("hello", f"u{n % 4}")

    with serving("--workers", "2", folder=bot) as server:
        await asyncio.to_thread(talk, server)
        assert await asyncio.to_thread(server.stop) == 0
    with serving(folder=bot) as server:  # whatever the workers had no time for
        assert await asyncio.to_thread(server.stop) == 0
    bodies = lines(bot / "rasa_event.log")
    assert len({each["event_id"] for each in bodies}) == len(bodies)
    for n in range(4):
        assert heard(bodies, f"u{n}") == await stored(bot, f"u{n}")


async def test_events_are_exported_with_the_same_ids(bot: Path) -> None:
    name_brokers(bot, "  type: file\n")
    with serving(folder=bot) as server:
        for sender in ("ann", "bob"):
            await asyncio.to_thread(server.say, "hello", sender)
        await asyncio.to_thread(server.stop)
    log = bot / "rasa_event.log"
    first = lines(log)
    log.unlink()
    done = run("export", folder=bot)
    assert (done.status, done.out) == (0, f"{len(first)} events of 2 conversations sent\n")

    def key(each: Body) -> tuple[str, int]:
        return each["sender_id"], each["seq"]

    assert sorted(lines(log), key=key) == sorted(first, key=key)
    log.unlink()
    middle = first[len(first) // 2]["timestamp"]
    options = ("--conversation-ids", "bob", "--minimum-timestamp", str(middle))
    done = run("export", *options, "--offset-timestamps-by-seconds", "100", folder=bot)
    assert done.status == 0
    expected = [e for e in first if e["sender_id"] == "bob" and e["timestamp"] >= middle]
    assert lines(log) == [{**each, "timestamp": each["timestamp"] + 100} for each in expected]


@pytest.mark.parametrize(
    ("brokers", "options", "said"),
    [
        ("  type: file\n", ("--conversation-ids", "nobody"), "nobody"),
        ("  type: file\n", (), "no conversations"),
        ("  type: file\n", ("--broker", "x"), "'x'"),
        (
            "  type: file\n",
            ("--minimum-timestamp", "5", "--maximum-timestamp", "4"),
            "below the minimum",
        ),
    ],
)
def test_an_export_of_nothing_fails(
    bot: Path, brokers: str, options: tuple[str, ...], said: str
) -> None:
    name_brokers(bot, brokers)
    done = run("export", *options, folder=bot)
    assert done.status == 1
    assert said in done.err


async def test_an_export_that_fails_says_how_to_go_on(bot: Path) -> None:
    name_brokers(bot, "  type: file\n  path: out/events.log\n")
    with serving(folder=bot) as server:
        for sender in ("ann", "bob"):
            await asyncio.to_thread(server.say, "hello", sender)
        await asyncio.to_thread(server.stop)
    done = run("export", "--after-conversation", "ann", "--maximum-timestamp", "1e12", folder=bot)
    assert done.status == 1
    assert "T900" in done.err
    again = done.err.partition("Go on with: ")[2]
    assert "--maximum-timestamp 1000000000000.0 --after-conversation ann" in again
    (bot / "out").mkdir()
    done = run(*again.split()[1:], folder=bot)
    assert done.status == 0
    assert {each["sender_id"] for each in lines(bot / "out" / "events.log")} == {"bob"}


def test_a_check_connects_to_brokers_and_sends_nothing(bot: Path) -> None:
    name_brokers(bot, "- type: file\n- type: redis\n  port: 1\n")
    done = run("config", "check", folder=bot)
    assert done.status == 1
    assert "event_broker 'file': rasa_event.log can be written" in done.out
    assert "event_broker 'redis': T900" in done.err
    assert (bot / "rasa_event.log").read_bytes() == b""


def test_a_broker_that_does_not_exist_stops_the_start(bot: Path) -> None:
    name_brokers(bot, "  type: kafak\n")
    done = run("run", folder=bot)
    assert done.status == 1
    assert "endpoints.yml:2" in done.err
    assert "Did you mean 'kafka'?" in done.err


PRINTER = """
import json

class Broker:
    @classmethod
    async def from_endpoint_config(cls, endpoint):
        return cls(endpoint.kwargs["folder"])

    def __init__(self, folder):
        self.folder = folder

    def publish(self, event):
        with open(self.folder, "a") as file:
            file.write(json.dumps(event) + "\\n")
"""


async def test_a_class_written_for_the_original_is_told(bot: Path) -> None:
    (bot / "printing.py").write_text(PRINTER, encoding="utf-8")
    name_brokers(bot, "  type: printing.Broker\n  folder: said.log\n")
    with serving(folder=bot) as server:
        await asyncio.to_thread(server.say, "hello", "me")
        assert await asyncio.to_thread(server.stop) == 0
    assert heard(lines(bot / "said.log"), "me") == await stored(bot, "me")
