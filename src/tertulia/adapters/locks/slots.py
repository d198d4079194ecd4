"""What a process has of each slot, and what is to be asked for it next."""

import asyncio
import logging
from collections.abc import Collection, Iterable

import msgspec

from tertulia.adapters.locks.session import FREE, LEAVE, TRY, TRY_GATED
from tertulia.base.errors import LockUnavailable

_log = logging.getLogger("tertulia.locks")

Operation = tuple[int, int]
"""A slot, and what is to be done with it."""


class Slot(msgspec.Struct):
    """What this process has of one slot. holders: ids, more than one only by chance.

    asking: futures of those who wait for an answer. waiting: how many would like to have it.
    """

    holders: set[str] = msgspec.field(default_factory=set[str])
    asking: dict[str, asyncio.Future[bool]] = msgspec.field(
        default_factory=dict[str, "asyncio.Future[bool]"]
    )
    waiting: int = 0
    has_gate: bool = False

    def unanswered(self) -> list[tuple[str, asyncio.Future[bool]]]:
        """Return who still waits for an answer."""
        return [(name, answer) for name, answer in self.asking.items() if not answer.done()]

    def settle(self, *, held: bool) -> None:
        """Answer all who ask: they are different conversations that share it by chance."""
        for sender_id, answer in self.unanswered():
            if held:
                self.holders.add(sender_id)
            answer.set_result(held)


class Slots:
    """Every slot that is held or waited for. wake: set when there is something to ask."""

    def __init__(self) -> None:
        self.wake = asyncio.Event()
        self._slots: dict[int, Slot] = {}
        self._ending: list[Operation] = []

    def of(self, number: int) -> Slot:
        """Return a slot."""
        return self._slots.setdefault(number, Slot())

    def release(self, number: int, sender_id: str) -> None:
        """Let a slot go, if it is not lost already."""
        slot = self._slots.get(number)
        if slot is None or sender_id not in slot.holders:
            return
        slot.holders.discard(sender_id)
        if not slot.holders:
            self._end(number, FREE)
        self.tidy(number, slot)

    def tidy(self, number: int, slot: Slot) -> None:
        """Leave the gate when nobody waits there any more, and forget what is not used."""
        if slot.waiting or slot.asking:
            return
        if slot.has_gate:
            slot.has_gate = False
            self._end(number, LEAVE)
        if not slot.holders:
            self._slots.pop(number, None)

    def next(self) -> list[Operation]:
        """Return what is to be asked now: first what ends, then what is wanted."""
        ending, self._ending = self._ending, []
        return [*ending, *self._wanted()]

    def deliver(self, answers: Iterable[tuple[int, bool, bool]]) -> None:
        """Tell those who ask what became of it: slot, whether it is held, whether its gate is."""
        for number, held, has_gate in answers:
            slot = self._slots.get(number)
            if slot is not None and slot.unanswered():
                slot.has_gate = has_gate
                slot.settle(held=held)
            elif held or has_gate:  # those who asked are gone
                self._end(number, FREE if held else LEAVE)

    def begin_anew(self) -> list[int]:
        """Return what is held, to be taken back; everything else went with the session."""
        self._ending = []
        for slot in self._slots.values():
            slot.has_gate = False
        return [number for number, slot in self._slots.items() if slot.holders]

    def lose(self, numbers: Collection[int]) -> None:
        """Hold these no longer."""
        for number in numbers:
            slot = self._slots.get(number)
            if slot is not None and slot.holders:
                _log.warning("T923 the lock of a conversation in a turn passed to another server")
                slot.holders.clear()

    def refuse(self, error: LockUnavailable) -> None:
        """Tell all who ask that there is no answer."""
        for slot in self._slots.values():
            for _, answer in slot.unanswered():
                answer.set_exception(error)

    def _wanted(self) -> list[Operation]:
        wanted: list[Operation] = []
        for number, slot in self._slots.items():
            if not slot.unanswered():
                continue
            if slot.holders:
                slot.settle(held=True)
            else:
                wanted.append((number, TRY_GATED if slot.has_gate else TRY))
        return wanted

    def _end(self, number: int, what: int) -> None:
        self._ending.append((number, what))
        self.wake.set()
