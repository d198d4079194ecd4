"""Conversation locks as advisory locks of PostgreSQL, over one connection for each process.

However many conversations are in a turn or wait for one, what they ask gathers while a statement
runs, and the next statement asks it all. The server frees what a process held when its connection
ends. Who waits holds a second lock, the gate: one that has just let the conversation go has to
queue there, so that servers take turns.

Rule: a lock that was lost with its connection is found out by the version that appends name.
"""

import asyncio
import logging
from collections.abc import Sequence
from hashlib import blake2b

from tertulia.adapters.locks.session import Connect, Session
from tertulia.adapters.locks.slots import Operation, Slot, Slots
from tertulia.adapters.locks.waiting import wait_for
from tertulia.base.border import end_tasks, outcome
from tertulia.base.errors import LockUnavailable

_log = logging.getLogger("tertulia.locks")


class PostgresLocks:
    """Made with `connect`, which opens a connection that nobody else uses.

    scope: tells bots apart that share a database.
    """

    def __init__(self, connect: Connect, *, scope: str = "") -> None:
        self._session = Session(connect)
        self._scope = scope
        self._slots = Slots()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect, so that a start tells what is wrong.

        Raises:
            LockUnavailable: the server does not answer, refuses, or cannot keep locks.
        """
        await self._session.revive(())
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def hold(self, sender_id: str, *, patience: float) -> bool:
        """Wait for the conversation; see the port."""
        number = self._number(sender_id)
        slot = self._slots.of(number)
        slot.waiting += 1
        try:
            return await wait_for(lambda: self._ask(sender_id, slot), patience)
        finally:
            slot.waiting -= 1
            self._slots.tidy(number, slot)

    def release(self, sender_id: str) -> None:
        """Let others hold it."""
        self._slots.release(self._number(sender_id), sender_id)

    def stamp(self, sender_id: str) -> int:
        """Return 0: the version in the store tells whether others have written."""
        return 0

    async def close(self) -> None:
        """Let everything go."""
        if self._task is not None:
            await end_tasks(self._task)
        await self._session.close()

    async def _ask(self, sender_id: str, slot: Slot) -> bool:
        answer = asyncio.get_running_loop().create_future()
        slot.asking[sender_id] = answer
        self._slots.wake.set()
        try:
            return await answer
        except asyncio.CancelledError:
            self.release(sender_id)  # it may have been ours in this very moment
            raise
        finally:
            slot.asking.pop(sender_id, None)

    async def _run(self) -> None:
        while True:
            await self._slots.wake.wait()
            self._slots.wake.clear()
            # The turns that one commit has woken ask in the same round of the loop.
            await asyncio.sleep(0)
            operations = self._slots.next()
            if not operations:
                continue
            answers = await outcome(self._answers(operations))
            if isinstance(answers, Exception):
                self._slots.refuse(self._refusal(answers))
            else:
                self._slots.deliver(answers)

    def _refusal(self, error: Exception) -> LockUnavailable:
        """Return what to tell all who ask. What nobody foresaw ends the session, not the asking."""
        if isinstance(error, LockUnavailable):
            return error
        _log.error("T921 the session that keeps locks is begun anew", exc_info=error)
        self._session.forget()
        return self._session.unavailable(type(error).__name__)

    async def _answers(self, operations: Sequence[Operation]) -> Sequence[tuple[int, bool, bool]]:
        """Return for each slot asked for whether it is held, and its gate.

        A connection that was lost is opened anew, once.
        """
        answers = await self._session.perform(operations)
        if answers is None:
            self._slots.lose(await self._session.revive(self._slots.begin_anew()))
            answers = await self._session.perform(self._slots.next())
        if answers is None:
            raise self._session.unavailable("the connection was lost again")
        return answers

    def _number(self, sender_id: str) -> int:
        text = f"{self._scope}\n{sender_id}".encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=4).digest(), "big", signed=True)
