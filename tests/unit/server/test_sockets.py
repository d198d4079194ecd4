"""Sessions and rooms of the Socket.IO channel: bounded, and let go when nobody is there."""

import asyncio
from collections.abc import Callable

import pytest

from tertulia.adapters.channels.socketio.packets import Malformed, Packet, Version
from tertulia.base.errors import RequestError
from tertulia.server.access import FULL, Grant
from tertulia.server.sockets import link as links
from tertulia.server.sockets.hub import Hub, Offered
from tertulia.server.sockets.link import Link, Pace
from tertulia.server.sockets.rooms import MOST_ROOMS, Client

NOBODY = Offered()
PATIENCE = 10.0
NEVER = 3600.0


def linked(version: Version = 4, **seconds: float) -> Link:
    pace = Pace(**{"interval": NEVER, "timeout": NEVER, **seconds})
    return Link(version, pace, lambda link: None)


def let_in(offered: Offered, token: str | None) -> Grant:
    if token == "bad":
        raise RequestError("no", code="T807")
    return FULL


def hub_of(
    *,
    namespace: str = "/",
    most: int = 10,
    heard: Callable[[Client, Packet], None] = lambda client, packet: None,
    connect: float = NEVER,
) -> Hub:
    hub = Hub(namespace, let_in, heard, most=most, depth=8)
    hub.pace = Pace(interval=NEVER, timeout=NEVER, connect=connect, linger=0.05)
    return hub


async def ended(link: Link) -> None:
    await asyncio.wait_for(link.ended.wait(), PATIENCE)


async def test_a_client_of_version_4_is_asked_whether_it_lives_and_answers() -> None:
    link = linked(interval=0.01)
    for _ in range(3):
        assert await asyncio.wait_for(link.poll(), PATIENCE) == ["2"]
        link.heard()
    assert not link.ended.is_set()
    link.end()


async def test_a_client_of_version_4_that_does_not_answer_is_let_go() -> None:
    link = linked(interval=0.01, timeout=0.01)
    assert await asyncio.wait_for(link.next(), PATIENCE) == ["2"]
    await ended(link)
    assert await link.next() == []
    assert await link.poll() == ["1"]


async def test_a_client_of_version_3_that_is_silent_is_let_go() -> None:
    link = linked(3, interval=0.01, timeout=0.01)
    await ended(link)


async def test_a_client_that_takes_nothing_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    link = linked()
    sent = 0
    while not link.ended.is_set():
        link.send("x" * 1000)
        sent += 1000
    assert links.MOST_WAITING < sent < links.MOST_WAITING + 2000
    assert link.was_slow
    assert "T896" in caplog.text
    link.send("more")
    assert await link.next() == []


async def test_many_small_packets_count_as_well() -> None:
    link = linked()
    for _ in range(links.MOST_PACKETS + 1):
        link.send("x")
    assert link.was_slow


async def test_one_long_packet_is_sent_all_the_same() -> None:
    link = linked()
    long = "x" * (2 * links.MOST_WAITING)
    link.send(long)
    assert await link.next() == [long]
    link.end()


async def test_only_the_newest_request_gets_what_is_said() -> None:
    link = linked()
    older = asyncio.create_task(link.poll())
    await asyncio.sleep(0)
    newer = asyncio.create_task(link.poll())
    assert await asyncio.wait_for(older, PATIENCE) == ["6"]
    link.send("hello")
    assert await asyncio.wait_for(newer, PATIENCE) == ["hello"]
    link.end()


async def test_what_waits_is_taken_before_a_session_leaves() -> None:
    link = linked()
    link.send("last")
    link.leave()
    link.send("too late")
    assert not link.ended.is_set()
    assert await link.poll() == ["last"]
    assert link.ended.is_set()
    assert await link.poll() == []


async def test_who_enters_no_namespace_is_let_go() -> None:
    hub = hub_of(connect=0.01)
    link = hub.open(4, NOBODY)
    await ended(link)
    assert hub.find(link.sid) is None


async def test_who_is_not_let_in_is_told_and_let_go() -> None:
    hub = hub_of(connect=0.01)
    link = hub.open(4, NOBODY)
    hub.receive(link, '40{"token":"bad"}')
    assert await link.next() == ['44{"message":"no"}']
    assert hub.clients == 0
    await ended(link)


async def test_there_are_only_so_many_sessions() -> None:
    hub = hub_of(most=2)
    first = hub.open(4, NOBODY)
    hub.open(4, NOBODY)
    with pytest.raises(RequestError) as caught:
        hub.open(4, NOBODY)
    assert caught.value.code == "T855"
    first.end()
    hub.open(4, NOBODY)
    await hub.leave()


async def test_a_client_listens_to_so_many_sessions_and_leaves_the_oldest() -> None:
    entered: list[Client] = []
    hub = hub_of(heard=lambda client, packet: entered.append(client))
    link = hub.open(4, NOBODY)
    for packet in ("40", '42["x"]'):
        hub.receive(link, packet)
    for number in range(MOST_ROOMS + 1):
        hub.rooms.join(entered[0], f"room-{number}")
    hub.rooms.emit("room-0", "e", 0)
    hub.rooms.emit(f"room-{MOST_ROOMS}", "e", 1)
    assert (await link.next())[1:] == ['42["e",1]']
    assert not hub.rooms.is_there("room-0")
    link.end()
    assert not hub.rooms.is_there(f"room-{MOST_ROOMS}")
    assert not hub.rooms.is_there(entered[0].id)
    assert hub.clients == 0


@pytest.mark.parametrize(
    "packet",
    [
        "",
        "5",
        "0",
        "9",
        "x",
        "bAAAA",
        "4",
        "45",
        "48",
        '451-["x"]',
        '42["before it entered"]',
        '42/other,["x"]',
        "40{",
        "40" + "[" * 10_000,
        '40{"token":"\\ud800"}',
        "41",
    ],
)
async def test_what_is_no_packet_ends_the_session(packet: str) -> None:
    hub = hub_of()
    link = hub.open(4, NOBODY)
    with pytest.raises(Malformed):
        hub.receive(link, packet)
    assert link.ended.is_set()
    hub.receive(link, packet)  # a session that has ended takes nothing more
    assert hub.find(link.sid) is None


async def test_a_client_that_leaves_the_namespace_leaves() -> None:
    for goodbye in ("41", "1"):
        hub = hub_of()
        link = hub.open(4, NOBODY)
        hub.receive(link, "40")
        hub.receive(link, goodbye)
        assert link.ended.is_set()


async def test_another_namespace_cannot_be_entered() -> None:
    hub = hub_of(namespace="/talk")
    link = hub.open(4, NOBODY)
    hub.receive(link, "40/other,")
    hub.receive(link, "40")
    told = '{"message":"Unable to connect"}'
    assert await link.next() == [f"44/other,{told}", f"44{told}"]
    link.end()


async def test_when_the_server_leaves_nobody_is_kept_and_nobody_comes_in() -> None:
    hub = hub_of()
    quiet, busy = hub.open(4, NOBODY), hub.open(4, NOBODY)
    busy.send("never taken")
    await asyncio.wait_for(hub.leave(), PATIENCE)
    assert quiet.ended.is_set()
    assert busy.ended.is_set()
    with pytest.raises(RequestError) as caught:
        hub.open(4, NOBODY)
    assert caught.value.code == "T870"
