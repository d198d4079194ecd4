"""The place of one process among those that serve an address together.

Rule: what a process changes for all (the model, the schedule) is known to all before it is said to
be done.
"""

import asyncio
import os
import signal
import socket
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.adapters.locks.byte_ranges import ByteRangeLocks
from tertulia.adapters.telemetry.meters import Family
from tertulia.base.errors import ModelError
from tertulia.base.secret import Secret
from tertulia.engine.keeper import Change
from tertulia.engine.service import Service
from tertulia.jobs.places import Places
from tertulia.model.packed import Packed
from tertulia.schema.endpoints import ModelEndpoint
from tertulia.server.figures import Figures
from tertulia.server.stopping import Stopping
from tertulia.server.workers.places import SharedPlaces
from tertulia.server.workers.wire import Handler, Wire, WireError

Json = Any


class Seat:
    """Knows what the supervisor told, and tells it what happens here. Made by `take`.

    bound: the socket to serve. locks: order turns between the processes. host: as people chose it.
    """

    def __init__(self, told: dict[str, Json], wire: Wire, bound: socket.socket, locks: int) -> None:
        self.told = told
        self.bound = bound
        self.locks = ByteRangeLocks(locks, told["number"])
        self.index = str(told["index"])
        self.host: str = told["host"]
        self._wire = wire
        self._serial: int = told["serial"]
        self._models = Path(told["models"])
        self._path: str | None = None
        self._announces = False
        self._service: Service | None = None
        self._stopping: Stopping | None = None
        self._own: Figures | None = None

    @classmethod
    async def take(cls, bound: int, locks: int, link: int) -> "Seat":
        """Return the place that the supervisor gives. The arguments are descriptors.

        Raises:
            WireError: the supervisor is gone.
        """
        handlers: dict[str, Handler] = {}
        wire = await Wire.over(socket.socket(fileno=link), handlers)
        listening = asyncio.create_task(wire.listen())
        told = await wire.call("begin")
        seat = cls(told, wire, socket.socket(fileno=bound), locks)
        handlers.update(seat._handlers())
        # Whoever started this process is gone: nobody would start it again, or stop it.
        listening.add_done_callback(_leave)
        return seat

    @property
    def has_model(self) -> bool:
        """Tell whether the others serve already, so that it is known what."""
        return self.told["model"] is not None

    @property
    def path(self) -> Path | None:
        """Return where the first process found the model; the project's folder follows from it."""
        path = self.told["model"]["path"]
        return None if path is None else Path(path)

    async def join(self, service: Service, stopping: Stopping, path: Path | None) -> None:
        """Serve the same model as the others, and hear of their changes from now on.

        Raises:
            ModelError, ComponentError: the others' model cannot be loaded here.
            WireError: the supervisor is gone.
        """
        self._service, self._stopping = service, stopping
        if self.has_model:
            await self._follow({"model": self.told["model"], "serial": self._serial})
            record = self.told["model"]
        else:
            served = await self._keep(service.keeper.packed)
            record = {
                "served": served,
                "previous": None,
                "path": None if path is None else str(path),
            }
        self._path = record["path"]
        while True:
            answer = await self._wire.call("ready", {"serial": self._serial, "model": record})
            if "model" not in answer:
                break
            await self._follow(answer)
        self._announces = answer["announce"]
        service.keeper.listen(self._changed)
        conversations, poke = service.processor.conversations, service.schedule.poke

        def on_schedule() -> None:
            poke()
            self._pass_on("schedule", None)

        conversations.on_schedule = on_schedule
        if service.pulling is not None:
            service.pulling.on_switch = self._switched
        if self.told.get("adopt") is not None:
            service.follow_no_configured_server()
            await self._adopt(self.told["adopt"])

    def listening(self) -> bool:
        """Tell the supervisor that requests are answered; return whether to announce it."""
        self._wire.tell("listening")
        return self._announces

    def gathered(self, own: Figures) -> Figures:
        """Return what adds to the figures of this process those of the others."""
        self._own = own

        async def gather() -> list[Family]:
            mine = await self._labelled()
            answers: list[Json] = await self._wire.call("gather", "figures")
            others = msgspec.convert(answers, list[list[Family]])
            return [*mine, *(family for other in others for family in other)]

        return gather

    def places(self, most: int) -> Places:
        """Return the places for jobs, of which all processes together have so many."""
        return SharedPlaces(self._wire, most)

    async def _labelled(self) -> list[Family]:
        if self._own is None:
            return []
        return [_of_worker(family, self.index) for family in await self._own()]

    def _handlers(self) -> dict[str, Handler]:
        async def figures(data: Json) -> Json:
            return msgspec.to_builtins(await self._labelled())

        async def schedule(data: Json) -> Json:
            if self._service is not None:
                self._service.schedule.poke()

        async def retire(data: Json) -> Json:
            if self._stopping is not None:
                self._stopping.retire()
            signal.raise_signal(signal.SIGTERM)

        return {
            "figures": figures,
            "schedule": schedule,
            "retire": retire,
            "follow": self._follow,
            "adopt": self._adopt,
        }

    async def _changed(self, change: Change) -> None:
        """Let all others serve what this process serves now, before anybody hears of it."""
        if change.followed:
            return
        record = {
            "served": await self._keep(change.packed),
            "previous": await self._keep(change.previous),
            "path": self._path,
        }
        try:
            self._serial = await self._wire.call("change", record)
        except WireError as error:
            raise ModelError(
                "the other workers could not be told of the model",
                hint="The server is about to end; start it again.",
                code="T875",
            ) from error

    async def _switched(self, endpoint: ModelEndpoint, tag: str | None) -> None:
        given = msgspec.to_builtins(endpoint, enc_hook=_revealed)
        self._pass_on("adopt", {"endpoint": given, "tag": tag})

    async def _adopt(self, data: Json) -> Json:
        """Follow the model server that another process was told to follow."""
        if self._service is not None and self._service.pulling is not None:
            endpoint = msgspec.convert(data["endpoint"], ModelEndpoint, dec_hook=_hidden)
            await self._service.pulling.adopt(endpoint, data["tag"])

    def _pass_on(self, verb: str, data: Json) -> None:
        self._wire.tell("pass_on", {"verb": verb, "data": data})

    async def _follow(self, data: Json) -> Json:
        if self._service is None:
            return
        model, serial = data["model"], data["serial"]
        await self._service.keeper.follow(
            await self._fetch(model["served"]),
            previous=await self._fetch(model["previous"]),
            is_late=lambda: serial < self._serial,
        )
        self._serial = max(self._serial, serial)

    async def _keep(self, packed: Packed | None) -> Json:
        """Put a model where the other processes find it; return its name there."""
        if packed is None:
            return None
        return await asyncio.to_thread(_write, self._models, packed)

    async def _fetch(self, part: Json) -> Packed | None:
        if part is None:
            return None
        data = await asyncio.to_thread((self._models / part["file"]).read_bytes)
        return Packed(part["name"], data, part["tag"])


def _leave(listening: "asyncio.Task[None]") -> None:
    """End this process as a signal would, unless it is ending already."""
    if not listening.cancelled():
        os.kill(os.getpid(), signal.SIGTERM)


def _revealed(value: object) -> str:
    """Return a secret for a process of our own; the line to it is private."""
    if isinstance(value, Secret):
        return value.reveal()
    raise NotImplementedError(type(value))


def _hidden(kind: type, value: object) -> Secret:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise NotImplementedError(kind)


def _write(folder: Path, packed: Packed) -> Json:
    # A name of its own each time: the supervisor removes what was served before.
    with NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(packed.data)
    return {"file": Path(file.name).name, "name": packed.name, "tag": packed.tag}


def _of_worker(family: Family, index: str) -> Family:
    samples = [replace(each, labels={**each.labels, "worker": index}) for each in family.samples]
    return replace(family, samples=samples)
