"""Locks between real processes: order, death, marks, the one that leads."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import pytest

from tertulia.adapters.locks.byte_ranges import SIZE, ByteRangeLocks

_OTHER = """
import asyncio, sys
from tertulia.adapters.locks.byte_ranges import ByteRangeLocks
locks = ByteRangeLocks(int(sys.argv[1]), 2)
for line in sys.stdin:
    verb, _, name = line.strip().partition(" ")
    if verb == "hold":
        print(asyncio.run(locks.hold(name, patience=30)), flush=True)
    elif verb == "free":
        print(locks.release(name), flush=True)
    else:
        print(locks.leads(), flush=True)
"""


class Other:
    """Another process with the same file."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def tell(self, line: str) -> str:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def file() -> Iterator[BinaryIO]:
    with tempfile.TemporaryFile() as made:
        os.ftruncate(made.fileno(), SIZE)
        yield cast(BinaryIO, made)


@contextmanager
def running(file: BinaryIO) -> Iterator[Other]:
    process = subprocess.Popen(
        [sys.executable, "-c", _OTHER, str(file.fileno())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        pass_fds=[file.fileno()],
        text=True,
    )
    with process:
        try:
            yield Other(process)
        finally:
            process.kill()


async def test_what_another_process_holds_is_waited_for(file: BinaryIO) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        assert other.tell("hold me") == "True"
        assert not await locks.hold("me", patience=0.02)
        waiting = asyncio.create_task(locks.hold("me", patience=30))
        await asyncio.sleep(0)
        other.tell("free me")
        assert await waiting
        locks.release("me")


async def test_what_a_killed_process_held_is_free(file: BinaryIO) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        other.tell("hold me")
        other.kill()
        assert await locks.hold("me", patience=30)


async def test_another_conversation_is_not_waited_for(file: BinaryIO) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        other.tell("hold me")
        assert await locks.hold("you", patience=0.0)


async def test_a_stamp_changes_when_another_process_held_the_conversation(file: BinaryIO) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        assert await locks.hold("me", patience=30)
        first = locks.stamp("me")
        locks.release("me")
        assert await locks.hold("me", patience=30)
        assert locks.stamp("me") == first
        locks.release("me")
        other.tell("hold me")
        during = locks.stamp("me")
        other.tell("free me")
        assert await locks.hold("me", patience=30)
        assert len({first, during, locks.stamp("me")}) == 3


async def test_a_process_that_waits_is_not_overtaken_by_the_one_that_has_just_left(
    file: BinaryIO,
) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        assert await locks.hold("me", patience=30)
        hold = asyncio.create_task(asyncio.to_thread(other.tell, "hold me"))
        await _until_gated(locks)
        locks.release("me")
        assert not await locks.hold("me", patience=0.0)
        assert await hold == "True"


async def _until_gated(locks: ByteRangeLocks) -> None:
    """Wait until the other process waits for the slot: it has the gate then."""
    for _ in range(1000):
        if not locks.is_next("me"):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_conversations_that_share_a_slot_share_it_within_a_process(
    file: BinaryIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tertulia.adapters.locks.byte_ranges.SLOTS", 1)
    locks = ByteRangeLocks(file.fileno(), 1)
    assert await locks.hold("me", patience=0.0)
    assert await locks.hold("you", patience=0.0)
    locks.release("me")
    with running(file) as other:
        other.tell("lead")
        locks.release("you")
        assert await locks.hold("them", patience=0.0)


async def test_one_process_leads_until_it_dies(file: BinaryIO) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        assert other.tell("lead") == "True"
        assert not locks.leads()
        other.kill()
        assert locks.leads()
        assert locks.leads()


async def test_who_stops_waiting_leaves_the_gate_open(file: BinaryIO) -> None:
    locks = ByteRangeLocks(file.fileno(), 1)
    with running(file) as other:
        other.tell("hold me")
        waiting = asyncio.create_task(locks.hold("me", patience=30))
        await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        other.tell("free me")
        assert other.tell("hold me") == "True"
