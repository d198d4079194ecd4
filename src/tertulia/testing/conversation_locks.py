"""What all conversation locks have to do, whatever keeps them: one holder, order, and an end.

A suite makes the locks of several processes; what stands for a process may live in this one.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tertulia.core.locks import ConversationLocks

PATIENCE = 60.0
"""Seconds within which everything that can happen has happened."""

SENDERS = ("ann", "Ann", "a:b", "ünïcödé 😀", "x" * 255, "")


class LockSuite(ABC):
    """Locks of processes that serve together."""

    pytestmark = pytest.mark.asyncio

    @abstractmethod
    async def make_locks(self, place: Path) -> ConversationLocks:
        """Return the locks of one more process, the same locks for the same place."""

    @pytest_asyncio.fixture
    async def pair(
        self, tmp_path: Path
    ) -> AsyncIterator[tuple[ConversationLocks, ConversationLocks]]:
        """The locks of two processes, closed after the test."""
        first, second = [await self.make_locks(tmp_path) for _ in range(2)]
        yield first, second
        await first.close()
        await second.close()

    @pytest.mark.parametrize("sender_id", SENDERS)
    async def test_what_one_holds_the_other_waits_for(
        self, pair: tuple[ConversationLocks, ConversationLocks], sender_id: str
    ) -> None:
        """Until it is released."""
        first, second = pair
        assert await first.hold(sender_id, patience=PATIENCE)
        assert not await second.hold(sender_id, patience=0.05)
        waiting = asyncio.create_task(second.hold(sender_id, patience=PATIENCE))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        first.release(sender_id)
        assert await waiting
        assert not await first.hold(sender_id, patience=0.05)

    async def test_different_conversations_do_not_wait_for_each_other(
        self, pair: tuple[ConversationLocks, ConversationLocks]
    ) -> None:
        """Within a process and between two."""
        first, second = pair
        held = [first.hold(sender_id, patience=PATIENCE) for sender_id in SENDERS[:3]]
        assert all(await asyncio.gather(*held))
        assert await second.hold("other", patience=PATIENCE)

    async def test_many_conversations_are_held_at_once(
        self, pair: tuple[ConversationLocks, ConversationLocks]
    ) -> None:
        """More than a server has connections for each process."""
        held = [pair[0].hold(f"c{number}", patience=PATIENCE) for number in range(300)]
        assert all(await asyncio.gather(*held))

    async def test_it_can_be_held_again_and_again(
        self, pair: tuple[ConversationLocks, ConversationLocks]
    ) -> None:
        """At once after it was released."""
        first, second = pair
        for locks in (first, first, second, second, first):
            assert await locks.hold("a", patience=PATIENCE)
            locks.release("a")

    async def test_of_many_turns_in_several_processes_one_runs_at_a_time(
        self, pair: tuple[ConversationLocks, ConversationLocks], tmp_path: Path
    ) -> None:
        """And all of them run."""
        third = await self.make_locks(tmp_path)
        inside: list[int] = []
        most = 0
        done: list[int] = []

        async def turns(number: int, locks: ConversationLocks) -> None:
            nonlocal most
            for _ in range(5):
                assert await locks.hold("a", patience=PATIENCE)
                inside.append(number)
                most = max(most, len(inside))
                await asyncio.sleep(0.002)
                inside.remove(number)
                done.append(number)
                locks.release("a")

        await asyncio.gather(*(turns(n, locks) for n, locks in enumerate((*pair, third))))
        assert (most, sorted(done)) == (1, [0] * 5 + [1] * 5 + [2] * 5)
        await third.close()

    async def test_one_that_has_just_let_go_does_not_overtake_who_waits(
        self, pair: tuple[ConversationLocks, ConversationLocks]
    ) -> None:
        """However fast it asks again."""
        busy, patient = pair
        assert await busy.hold("a", patience=PATIENCE)
        assert not await patient.hold("a", patience=0.05)
        waiting = asyncio.create_task(patient.hold("a", patience=PATIENCE))
        await asyncio.sleep(0.5)
        rounds = 0
        while not waiting.done():
            busy.release("a")
            rounds += 1
            again = asyncio.create_task(busy.hold("a", patience=PATIENCE))
            await asyncio.wait((again, waiting), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                patient.release("a")
            assert await again
        assert waiting.result()
        assert rounds <= 10

    async def test_who_stops_waiting_leaves_nothing_behind(
        self, pair: tuple[ConversationLocks, ConversationLocks]
    ) -> None:
        """Whether its patience ended or it was cancelled, at any moment."""
        first, second = pair
        assert await first.hold("a", patience=PATIENCE)
        for pause in (0.0, 0.001, 0.01, 0.05):
            waiting = asyncio.create_task(second.hold("a", patience=PATIENCE))
            await asyncio.sleep(pause)
            waiting.cancel()
            await asyncio.wait((waiting,))
        first.release("a")
        for pause in (0.0, 0.0005, 0.001, 0.002, 0.004):
            taking = asyncio.create_task(second.hold("b", patience=PATIENCE))
            await asyncio.sleep(pause)
            taking.cancel()
            await asyncio.wait((taking,))
            if not taking.cancelled():
                second.release("b")
        assert await first.hold("a", patience=PATIENCE)
        assert await first.hold("b", patience=PATIENCE)

    async def test_what_a_process_held_is_free_when_it_has_ended(
        self, pair: tuple[ConversationLocks, ConversationLocks], tmp_path: Path
    ) -> None:
        """And its own releases afterwards take nothing from anybody."""
        ended = await self.make_locks(tmp_path)
        assert await ended.hold("a", patience=PATIENCE)
        await ended.close()
        assert await pair[0].hold("a", patience=PATIENCE)
        ended.release("a")
        assert not await pair[1].hold("a", patience=0.05)
