"""The server's side of jobs: starts processes, waits for them, ends those nobody waits for."""

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import msgspec

from tertulia.base.errors import JobFailed, TooManyJobs
from tertulia.jobs.order import LOG, TRAINED, Answer, Order, read_answer, write_order
from tertulia.jobs.places import Places

_log = logging.getLogger("tertulia.jobs")

COMMAND = (sys.executable, "-P", "-m", "tertulia.jobs.child")
_SHOWN_LOG = 4000
_PATIENCE = 5.0


class Done(msgspec.Struct, frozen=True):
    """A job that came to its end. trained: bytes of the model it made, None when it made none."""

    answer: Answer
    trained: bytes | None


class Jobs:
    """The jobs of a process. places: without one, a job is refused, not kept waiting.

    limit: seconds one may take.
    """

    def __init__(self, places: Places, *, limit: float = 3600.0) -> None:
        self._places = places
        self._limit = limit
        self._running: set[asyncio.Task[Done]] = set()
        self._is_closed = False

    @property
    def running(self) -> int:
        """Return how many jobs of this process are under way."""
        return len(self._running)

    async def count(self) -> int:
        """Return how many are under way in all processes that serve together."""
        return await self._places.taken()

    async def start(self, order: Order, model: bytes | None = None) -> "asyncio.Task[Done]":
        """Begin a job; cancelling the task ends its process.

        model: packed, for orders that start from one.

        Raises:
            TooManyJobs: as many as allowed are under way.
        """
        if self._is_closed or not await self._has_place():
            raise TooManyJobs(
                f"{await self.count()} training and test jobs are under way, more are not taken",
                hint="Send the request again when one has ended.",
            )
        task = asyncio.get_running_loop().create_task(self._run(order, model))
        self._running.add(task)
        task.add_done_callback(self._ended)
        return task

    async def _has_place(self) -> bool:
        """Take a place, for good unless the server began to end meanwhile."""
        if not await self._places.take():
            return False
        if self._is_closed:
            self._places.leave()
        return not self._is_closed

    def _ended(self, task: "asyncio.Task[Done]") -> None:
        self._running.discard(task)
        self._places.leave()

    async def close(self) -> None:
        """End all jobs and take no more."""
        self._is_closed = True
        running = tuple(self._running)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _run(self, order: Order, model: bytes | None) -> Done:
        folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="tertulia-job-"))
        try:
            await asyncio.to_thread(write_order, folder, order, model)
            await self._process(folder)
            return await asyncio.to_thread(_collected, folder)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    async def _process(self, folder: Path) -> None:
        with (folder / LOG).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *COMMAND,
                str(folder),
                stdin=asyncio.subprocess.PIPE,
                stdout=log,
                stderr=log,
                env=_without_secrets(os.environ),
                start_new_session=True,
            )
        try:
            async with asyncio.timeout(self._limit):
                status = await process.wait()
        except TimeoutError as error:
            raise JobFailed(
                f"the job did not end within {self._limit:g} seconds",
                hint="Train with `tertulia train` instead, which has no limit.",
            ) from error
        finally:
            await _end(process)
        if status:
            _log.error(
                "%s a job ended with status %d:\n%s", JobFailed.code, status, _tail(folder / LOG)
            )


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        async with asyncio.timeout(_PATIENCE):
            await process.wait()
    if process.stdin is not None:
        process.stdin.close()


def _without_secrets(variables: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in variables.items() if not name.startswith("TERTULIA_")}


def _collected(folder: Path) -> Done:
    try:
        answer = read_answer(folder)
    except (OSError, msgspec.MsgspecError) as error:
        raise JobFailed("the job's process failed", hint="The server's log says why.") from error
    trained = folder / TRAINED
    return Done(answer, trained.read_bytes() if trained.is_file() else None)


def _tail(path: Path) -> str:
    return path.read_text("utf-8", "replace")[-_SHOWN_LOG:].strip()
