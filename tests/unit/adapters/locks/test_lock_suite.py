"""The suite of all locks, on bytes of a file, between real processes."""

import asyncio
import itertools
import json
import os
import sys
from pathlib import Path
from typing import Any

from tertulia.adapters.locks.byte_ranges import SIZE
from tertulia.core.locks import ConversationLocks
from tertulia.testing.conversation_locks import LockSuite

_OTHER = """
import asyncio, json, sys
from tertulia.adapters.locks.byte_ranges import ByteRangeLocks

async def main():
    locks = ByteRangeLocks(int(sys.argv[1]), int(sys.argv[2]))
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    tasks = {}
    def answer(number, task):
        if not task.cancelled():
            print(json.dumps([number, task.result()]), flush=True)
    async for line in lines:
        verb, number, sender_id, patience = json.loads(line)
        if verb == "hold":
            task = asyncio.create_task(locks.hold(sender_id, patience=patience))
            tasks[number] = task
            task.add_done_callback(lambda done, number=number: answer(number, done))
        elif verb == "release":
            locks.release(sender_id)
        elif not tasks[number].cancel() and tasks[number].result():
            locks.release(sender_id)

asyncio.run(main())
"""


class OtherProcess(ConversationLocks):
    """Locks of a process of their own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._answers: dict[int, asyncio.Future[bool]] = {}
        self._listening = asyncio.create_task(self._listen())

    async def hold(self, sender_id: str, *, patience: float) -> bool:
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        self._tell("hold", number, sender_id, patience)
        try:
            return await answer
        except asyncio.CancelledError:
            self._tell("cancel", number, sender_id, None)
            raise

    def release(self, sender_id: str) -> None:
        self._tell("release", 0, sender_id, None)

    def stamp(self, sender_id: str) -> int:
        return 0

    async def close(self) -> None:
        if self._process.returncode is None:
            self._process.kill()
        await self._process.wait()
        await self._listening

    def _tell(self, *message: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            number, held = json.loads(line)
            if not self._answers[number].done():
                self._answers[number].set_result(held)


class TestByteRanges(LockSuite):
    async def make_locks(self, place: Path) -> ConversationLocks:
        path = place / "locks"
        if not path.exists():
            path.write_bytes(b"")
            os.truncate(path, SIZE)
        self.numbers = getattr(self, "numbers", itertools.count(1))
        file = os.open(path, os.O_RDWR)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-c", _OTHER, str(file), str(next(self.numbers))),
                pass_fds=[file],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
        finally:
            os.close(file)
        return OtherProcess(process)
