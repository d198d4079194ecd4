"""Which model is served: loaded beside the one in service, warmed, exchanged in one step.

Rule: whoever serves a request takes the assistant once and stays with it to the end, so that no
turn sees two models. What cannot be loaded changes nothing.
"""

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import msgspec
from msgspec.structs import replace

from tertulia.base.errors import NoEarlierModel
from tertulia.engine.assistant import Assistant
from tertulia.engine.freed import give_back
from tertulia.model.load import Model
from tertulia.model.packed import Packed, unpack

_log = logging.getLogger("tertulia.model")

_SWITCH = 0.0005
"""Seconds that loading holds the interpreter before turns get it, a tenth of the usual."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is served from now on. packed: None serves no model, or one that was given unpacked.

    previous: what a rollback would serve. followed: another process decided it and knows.
    agreed: the servers that share the store have agreed on it already.
    """

    assistant: Assistant | None
    packed: Packed | None
    previous: Packed | None
    followed: bool = False
    agreed: bool = False


Load = Callable[[Packed], Assistant]
Connect = Callable[[Model], Model]
Listener = Callable[[Change], Awaitable[None]]


def _as_it_is(model: Model) -> Model:
    return model


def load_and_warm(
    packed: Packed, *, connect: Connect = _as_it_is, beside: Packed | None = None
) -> Assistant:
    """Return a model that has already answered once, so that the first user does not wait.

    connect: gives the model whom it may ask. beside: see `unpack`.

    Raises:
        ModelError: it is damaged, hostile, made by something else, or fails when asked.
        ComponentError: it needs a component that is not installed.
    """
    assistant = Assistant(connect(unpack(packed, beside=beside)))
    assistant.warm()
    return assistant


class ModelKeeper:
    """Keeps the served model, and the one before it in packed form for one step back.

    assistant: None until there is a model. packed: what it was loaded from. previous: the one
    before it. load: how; it runs in a thread. Everything else belongs to the event loop. Loads
    wait for each other, the last counts.
    """

    def __init__(
        self,
        assistant: Assistant | None = None,
        *,
        packed: Packed | None = None,
        load: Load = load_and_warm,
    ) -> None:
        self.assistant = assistant
        self.packed = packed
        self.previous: Packed | None = None
        self._load = load
        self._order = asyncio.Lock()
        # One thread for all loads: what one lets go of, the allocator gives to the next, while
        # memory of different threads adds up.
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="model")
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener` after each change, before the change is reported as done."""
        self._listeners.append(listener)

    async def serve(self, packed: Packed) -> None:
        """Load a model and serve it; the old one goes on until then.

        Serving again what is served already leaves the way back as it was.

        Raises:
            ModelError: it is damaged, hostile, made by something else, or fails when asked.
            ComponentError: it needs a component that is not installed.
        """
        async with self._order:
            is_again = self.packed is not None and packed.data == self.packed.data
            before = self.previous if is_again else self.packed
            await self._exchange(Change(assistant=None, packed=packed, previous=before))

    async def rollback(self) -> None:
        """Serve what was served before the last change; a second call finds nothing before that.

        Raises:
            NoEarlierModel: there is nothing to go back to.
        """
        async with self._order:
            if self.previous is None:
                raise NoEarlierModel(
                    "there is no earlier model to go back to",
                    hint="Load one: PUT /model with its file.",
                )
            await self._exchange(Change(assistant=None, packed=self.previous, previous=None))

    async def unload(self) -> None:
        """Serve no model; a rollback brings the last one back."""
        async with self._order:
            if self.assistant is not None:
                await self._exchange(Change(assistant=None, packed=None, previous=self.packed))

    async def follow(
        self,
        packed: Packed | None,
        *,
        previous: Packed | None,
        is_late: Callable[[], bool] = lambda: False,
        agreed: bool = False,
    ) -> None:
        """Serve what another process serves already, with the same way back.

        agreed: it is a process of another server, and those beside this one do not know it yet.
        is_late: tells, when it is its turn, whether something newer is served by now.

        Raises:
            ModelError, ComponentError: as `serve`.
        """
        async with self._order:
            if not is_late():
                change = Change(
                    assistant=None,
                    packed=packed,
                    previous=previous,
                    followed=not agreed,
                    agreed=agreed,
                )
                await self._exchange(change)

    async def _exchange(self, change: Change) -> None:
        """Load what a change names, and make it."""
        if change.packed is not None:
            loop = asyncio.get_running_loop()
            assistant = await loop.run_in_executor(self._loader, self._load_gently, change.packed)
            change = replace(change, assistant=assistant)
        self.assistant, self.packed, self.previous = (
            change.assistant,
            change.packed,
            change.previous,
        )
        shown = "no model" if change.assistant is None else _shown(change.assistant)
        hint = "" if change.previous is None else "; POST /model/rollback goes back"
        _log.info("serving %s%s", shown, hint)
        for listener in self._listeners:
            await listener(change)
        await asyncio.get_running_loop().run_in_executor(self._loader, give_back)

    def _load_gently(self, packed: Packed) -> Assistant:
        with _yielding():
            return self._load(packed)


def _shown(assistant: Assistant) -> str:
    return f"{assistant.model.name} ({assistant.model.manifest.model_id})"


@contextmanager
def _yielding() -> Generator[None]:
    """Let the thread of the event loop run more often while this one computes."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _SWITCH))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
