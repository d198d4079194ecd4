"""The process that starts those that serve, and starts them again. It serves nothing itself.

Rule: it loads no model, opens no store and reads no request, so that nothing of these can end it.
"""

import asyncio
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from tertulia.server.workers.places import CountedPlaces
from tertulia.server.workers.wire import Handler, Wire, WireError

Json = Any
_log = logging.getLogger("tertulia.workers")

_MARGIN = 5.0
"""Seconds that a process gets beyond its own deadline before it is killed."""

_FOLLOWING = 120.0
"""Seconds that a process gets to load a model that others serve already."""

_SHORT_LIFE = 5.0
_LONGEST_PAUSE = 10.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be kept running.

    count: processes that serve. launch: the command line, given the descriptor of a process's own
    socket, and all descriptors it inherits. begin: what each is told first. models: folder where
    the served model lies for those who start later. patience: seconds to end in.
    """

    count: int
    launch: Callable[[int], tuple[Sequence[str], Sequence[int]]]
    begin: dict[str, Json]
    models: Path
    patience: float


class _Worker:
    """One process that serves, or will."""

    def __init__(self, index: int, number: int, process: asyncio.subprocess.Process) -> None:
        self.index = index
        self.number = number
        self.process = process
        self.wire: Wire | None = None
        self.has_joined = False
        self.serving = asyncio.Event()
        self.born = time.monotonic()
        self.is_wanted = True


class Supervisor:
    """Keeps the processes of a plan running until it is told to stop."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._workers: dict[int, _Worker] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._numbers = 0
        self._pauses: dict[int, float] = {}
        self._model: Json = None
        self._serial = 0
        self._changing: dict[int, asyncio.Event] = {}
        self._places = CountedPlaces()
        self._queued: list[Json] = []
        self._order = asyncio.Lock()
        self._announced = False
        self._stopping = asyncio.Event()
        self._reloading = asyncio.Lock()

    async def run(self) -> int:
        """Start all, keep them running, stop them on a signal; return the exit status."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._leave, number)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._spawn(self._reload()))
        first = await self._start(0)
        if not await self._is_serving(first) and not self._stopping.is_set():
            return await first.process.wait()
        for index in range(1, self._plan.count):
            await self._start(index)
        await self._stopping.wait()
        await self._stop_all()
        return 0

    async def _start(self, index: int) -> _Worker:
        self._numbers += 1
        ours, theirs = socket.socketpair()
        with theirs:
            command, inherited = self._plan.launch(theirs.fileno())
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.DEVNULL,
                pass_fds=inherited,
                start_new_session=True,  # signals of the terminal are for this process alone
            )
        worker = _Worker(index, self._numbers, process)
        self._workers[worker.number] = worker
        worker.wire = await Wire.over(ours, self._handlers(worker))
        self._spawn(worker.wire.listen())
        self._spawn(self._watch(worker))
        return worker

    async def _is_serving(self, worker: _Worker) -> bool:
        """Wait until a process serves; return whether it does, or has ended before."""
        serving = asyncio.create_task(worker.serving.wait())
        ended = asyncio.create_task(worker.process.wait())
        await asyncio.wait((serving, ended), return_when=asyncio.FIRST_COMPLETED)
        for task in (serving, ended):
            task.cancel()
        return worker.serving.is_set()

    async def _watch(self, worker: _Worker) -> None:
        status = await worker.process.wait()
        self._workers.pop(worker.number, None)
        self._places.forget(worker.number)
        self._changing.pop(worker.number, asyncio.Event()).set()
        self._pass_on("schedule", None)  # the others may have to do what it did for all
        has_served = worker.serving.is_set()
        if self._stopping.is_set() or not worker.is_wanted or not (has_served or self._announced):
            return
        pause = self._pause(worker)
        _log.error(
            "T874 worker %d ended (%s); another one starts in %.1f s",
            worker.index,
            f"signal {-status}" if status < 0 else f"status {status}",
            pause,
        )
        await asyncio.sleep(pause)
        if not self._stopping.is_set():
            await self._start(worker.index)

    def _pause(self, worker: _Worker) -> float:
        """Return the seconds until the next start, more after each life that was short."""
        is_short = time.monotonic() - worker.born < _SHORT_LIFE
        pause = min(self._pauses.get(worker.index, 0.05) * 2, _LONGEST_PAUSE) if is_short else 0.0
        self._pauses[worker.index] = pause
        return pause

    def _handlers(self, worker: _Worker) -> dict[str, Handler]:
        places: Mapping[str, Handler] = self._places.handlers(worker.number)

        async def begin(data: Json) -> Json:
            told = {"number": worker.number, "index": worker.index, "serial": self._serial}
            return {**self._plan.begin, **told, "model": self._model}

        async def ready(data: Json) -> Json:
            if self._model is None:
                self._model = data["model"]
            if data["serial"] != self._serial:
                return {"model": self._model, "serial": self._serial}
            worker.has_joined = True
            announce, self._announced = not self._announced, True
            return {"announce": announce}

        async def listening(data: Json) -> Json:
            worker.serving.set()

        async def change(data: Json) -> Json:
            return await self._change(worker, data)

        async def gather(data: Json) -> Json:
            # Where one is about to take the place of another, the newer one counts.
            places = {other.index: other for other in self._serving()}
            others = [other for index, other in places.items() if index != worker.index]
            found = await asyncio.gather(*(_ask(other, data) for other in others))
            return [answer for answer in found if answer is not None]

        async def pass_on(data: Json) -> Json:
            self._pass_on(data["verb"], worker, data["data"])
            self._plan.begin[data["verb"]] = data["data"]

        return {
            "begin": begin,
            "ready": ready,
            "listening": listening,
            "change": change,
            "gather": gather,
            "pass_on": pass_on,
            **places,
        }

    def _serving(self) -> list[_Worker]:
        return [worker for worker in self._workers.values() if worker.serving.is_set()]

    def _pass_on(self, verb: str, sender: _Worker | None, data: Json = None) -> None:
        for worker in self._serving():
            if worker is not sender and worker.wire is not None:
                worker.wire.tell(verb, data)

    async def _change(self, worker: _Worker, model: Json) -> int:
        """Make everybody serve what one has begun to serve; return the number of the change.

        One after the other. A process that has a change of its own in the queue is not waited for:
        its own comes later and counts.
        """
        self._changing.setdefault(worker.number, asyncio.Event()).set()
        self._queued.append(model)
        async with self._order:
            self._changing.pop(worker.number, None)
            self._queued.remove(model)
            self._serial += 1
            before, self._model = self._model, model
            change = {"model": model, "serial": self._serial}
            others = [other for other in self._workers.values() if other is not worker]
            await asyncio.gather(*(self._let_follow(other, change) for other in others))
            self._clean(before)
            return self._serial

    async def _let_follow(self, worker: _Worker, change: Json) -> None:
        if not worker.has_joined or worker.wire is None:
            return  # it is told when it is ready
        overtaken = self._changing.setdefault(worker.number, asyncio.Event())
        following = asyncio.create_task(_follow(worker.wire, change))
        waiting = asyncio.create_task(overtaken.wait())
        done, _ = await asyncio.wait(
            (following, waiting), timeout=_FOLLOWING, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        error = following.result() if following in done else None
        if (error is None and done) or worker.process.returncode is not None:
            return
        # It would go on to serve the old model; the one that takes its place begins with the new.
        _log.error("T875 worker %d did not follow to the new model: %s", worker.index, error)
        _kill(worker)
        await worker.process.wait()

    def _clean(self, before: Json) -> None:
        """Remove the files of what was served before and is needed no more."""
        kept = _files(self._model).union(*map(_files, self._queued))
        for name in _files(before) - kept:
            (self._plan.models / name).unlink(missing_ok=True)

    async def _reload(self) -> None:
        """Start each process anew, one after the other, without a moment in which none serves."""
        async with self._reloading:
            for old in sorted(self._serving(), key=lambda worker: worker.index):
                new = await self._start(old.index)
                if not await self._is_serving(new):
                    _log.error(
                        "T876 the new worker %d did not start; the old ones go on", new.index
                    )
                    return
                old.is_wanted = False
                if old.wire is not None:
                    old.wire.tell("retire")
                await self._end([old])
            _log.info("all workers were started anew")

    def _leave(self, number: int) -> None:
        if not self._stopping.is_set():
            self._stopping.set()
            return
        for worker in self._workers.values():
            _kill(worker)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    async def _stop_all(self) -> None:
        workers = list(self._workers.values())
        for worker in workers:
            if worker.process.returncode is None:
                worker.process.terminate()
        await self._end(workers)

    async def _end(self, workers: Sequence[_Worker]) -> None:
        """Wait for processes that were told to end, and kill those that do not."""
        if not workers:
            return
        ends = [asyncio.create_task(worker.process.wait()) for worker in workers]
        await asyncio.wait(ends, timeout=self._plan.patience + _MARGIN)
        for worker in workers:
            if worker.process.returncode is None:
                _log.error("T877 worker %d did not end in time and is killed", worker.index)
                _kill(worker)
        await asyncio.wait(ends)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _files(model: Json) -> set[str]:
    parts = () if model is None else (model["served"], model["previous"])
    return {part["file"] for part in parts if part is not None}


async def _ask(worker: _Worker, verb: str) -> Json:
    """Return an answer, None from a process that is just going."""
    if worker.wire is None:
        return None
    try:
        async with asyncio.timeout(_MARGIN):
            return await worker.wire.call(verb)
    except (WireError, TimeoutError):
        return None


async def _follow(wire: Wire, change: Json) -> WireError | None:
    """Return what went wrong."""
    try:
        await wire.call("follow", change)
    except WireError as error:
        return error
    return None


def _kill(worker: _Worker) -> None:
    if worker.process.returncode is None:
        worker.process.kill()
