"""Conversation locks as locks on single bytes of one file, which the kernel keeps.

A lock costs a few system calls and no other process. The kernel frees what a process held when it
dies, however it dies. Beside the locks the file has a mark per slot, new whenever another process
than before holds it; a live tracker with an older mark is stale.

Rule: locks belong to the process, not to the descriptor; the file is opened once and stays open.
"""

import asyncio
import fcntl
import mmap
import struct
import time
from collections import Counter
from zlib import crc32

SLOTS = 65_536
"""Conversations share a slot only by chance; then they wait for each other across processes."""

_MARK = struct.Struct("=q")
_GATES = SLOTS
_LEADER = 2 * SLOTS
_FIRST_PAUSE = 0.0005
_LONGEST_PAUSE = 0.02

SIZE = SLOTS * _MARK.size
"""Bytes of the file, which is made by whoever starts the processes."""


class ByteRangeLocks:
    """Locks of one process. descriptor: of the file. number: of this process, never used twice.

    A waiting process holds the gate of the slot while it waits: one that has just let the slot go
    has to queue behind it. Waiting is asking again, after half a millisecond and later after
    twenty.
    """

    def __init__(self, descriptor: int, number: int) -> None:
        self._file = descriptor
        self._number = number
        self._marks = mmap.mmap(descriptor, SIZE)
        self._held: Counter[int] = Counter()
        self._taken = 0
        self._leads = False

    async def hold(self, sender_id: str, *, patience: float) -> bool:
        """Wait for the conversation; see the port."""
        slot = _slot(sender_id)
        deadline = time.monotonic() + patience
        pause = _FIRST_PAUSE
        while not self._try(slot):
            if time.monotonic() >= deadline:
                self._unlock(_GATES + slot)
                return False
            try:
                await asyncio.sleep(pause)
            except asyncio.CancelledError:
                self._unlock(_GATES + slot)
                raise
            pause = min(pause * 1.5, _LONGEST_PAUSE)
        return True

    def release(self, sender_id: str) -> None:
        """Let others hold it."""
        slot = _slot(sender_id)
        self._held[slot] -= 1
        if not self._held[slot]:
            del self._held[slot]
            self._unlock(slot)

    def stamp(self, sender_id: str) -> int:
        """Return the mark; see the port."""
        return self._mark(_slot(sender_id))

    def is_next(self, sender_id: str) -> bool:
        """Tell whether no other process waits for the conversation."""
        gate = _GATES + _slot(sender_id)
        if not self._lock(gate):
            return False
        self._unlock(gate)
        return True

    def leads(self) -> bool:
        """Tell whether this process leads, and become the leader when there is none."""
        self._leads = self._leads or self._lock(_LEADER)
        return self._leads

    async def close(self) -> None:
        """Let everything go; the file is its maker's."""
        for slot in self._held:
            self._unlock(slot)
        self._held.clear()

    def _try(self, slot: int) -> bool:
        # Another conversation of this process may have the slot already; then it is ours as well.
        if not self._held[slot]:
            if not self._lock(_GATES + slot) or not self._lock(slot):
                return False
            self._unlock(_GATES + slot)
            self._take_over(slot)
        self._held[slot] += 1
        return True

    def _take_over(self, slot: int) -> None:
        """Mark a slot that another process held last."""
        if self._mark(slot) >> 32 != self._number:
            self._taken += 1
            mark = self._number << 32 | self._taken & 0xFFFFFFFF
            _MARK.pack_into(self._marks, slot * _MARK.size, mark)

    def _mark(self, slot: int) -> int:
        return int(_MARK.unpack_from(self._marks, slot * _MARK.size)[0])

    def _lock(self, offset: int) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except (BlockingIOError, PermissionError):  # POSIX allows either
            return False
        return True

    def _unlock(self, offset: int) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN, 1, offset)


def _slot(sender_id: str) -> int:
    return crc32(sender_id.encode("utf-8", "surrogatepass")) % SLOTS
