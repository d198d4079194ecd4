"""Servers that share a store serve one model: what one of them is told, the others follow.

Rule: the record names a model; its bytes come from folders of this machine, and only if they are
the same. What cannot be followed changes nothing, and is told.
"""

import asyncio
import logging
from collections.abc import Callable

import msgspec

from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import ComponentError, ModelError, StoreUnavailable
from tertulia.core.agreed import Agreed, AgreedModel, NamedModel
from tertulia.engine.duty import alone
from tertulia.engine.keeper import Change, ModelKeeper
from tertulia.model.packed import Packed, digest_of

_log = logging.getLogger("tertulia.model")

INTERVAL = 2.0
"""Seconds between two looks at the record."""

_LONGEST = 60.0
"""Seconds between two tries to follow what cannot be followed."""

_TRIES = 20

Find = Callable[[str, str], Packed]
"""Returns the model with a name and a digest; raises ModelError."""


class Standing(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a server stands to what was agreed on.

    number: of the decision. name: of the model, None for no model. is_served: it is served here.
    problem: why it cannot be, as far as this process has tried.
    """

    number: int
    name: str | None
    is_served: bool
    problem: str | None = None


class Agreement:
    """Tells the store what this server is told to serve, and follows what others were told.

    find: runs in a thread. told: this server was started with a model of its own, which counts
    until the next decision. leads: whether this process follows, where several serve together;
    it tells the others.
    """

    def __init__(
        self,
        keeper: ModelKeeper,
        agreed: AgreedModel,
        find: Find,
        *,
        told: bool,
        leads: Callable[[], bool] = alone,
        interval: float = INTERVAL,
    ) -> None:
        self._keeper = keeper
        self._agreed = agreed
        self._find = find
        self._told = told
        self._leads = leads
        self._interval = interval
        self._record: Agreed | None = None
        self._followed = 0
        self._unsaid: tuple[NamedModel | None, NamedModel | None] | None = None
        self._names: list[tuple[Packed, NamedModel]] = []
        self._problem: str | None = None
        self._rest = 0.0
        self._task: asyncio.Task[None] | None = None
        self._is_lost = False

    async def start(self) -> None:
        """Serve what is agreed on, if it can be had, and follow it from now on.

        Call it after whoever tells the other processes of this machine listens to the keeper.
        """
        self._keeper.listen(self._changed)
        await self._look_again()
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Follow no more."""
        task, self._task = self._task, None
        if task is not None:
            await end_tasks(task)

    async def standing(self) -> Standing | None:
        """Return how this server stands to the last decision known here, None without one."""
        record = self._record
        if record is None:
            return None
        name = None if record.served is None else record.served.name
        return Standing(record.number, name, await self._serves(record), self._problem)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(max(self._interval, self._rest))
            await self._look_again()

    async def _look_again(self) -> None:
        error = await outcome(self._look())
        if error is not None and not self._is_lost:
            _log.warning(
                "T886 what the servers agree on cannot be read now: %s",
                error,
                exc_info=unforeseen(error),
            )
        self._is_lost = error is not None

    async def _look(self) -> None:
        record = await self._agreed.read()
        if self._unsaid is not None and (record is None or record.number <= self._followed):
            await self._say(*self._unsaid)
            return
        self._unsaid = None
        self._record = record
        told, self._told = self._told, False
        if record is None or record.number <= self._followed:
            return
        if told:
            await self._differ(record)
        elif await self._serves(record):
            self._follow_no_more(record.number)
        elif self._leads():
            await self._follow(record)

    async def _differ(self, record: Agreed) -> None:
        self._follow_no_more(record.number)
        if not await self._serves(record):
            _log.warning(
                "T888 this server was started with a model of its own (--model), the others "
                "agreed on %s; it follows their next decision",
                _shown(record.served),
            )

    async def _follow(self, record: Agreed) -> None:
        try:
            served = await self._found(record.served)
            previous = await self._found_or_none(record.previous)
            await self._keeper.follow(
                served,
                previous=previous,
                is_late=lambda: record.number <= self._followed,
                agreed=True,
            )
        except (ModelError, ComponentError) as error:
            self._rest = min(max(self._interval, 2 * self._rest), _LONGEST)
            if str(error) != self._problem:
                self._problem = str(error)
                _log.error(
                    "T887 %s, which the servers agreed on, cannot be served here: %s",
                    _shown(record.served),
                    error,
                )
            return
        _log.info("followed decision %d: %s", record.number, _shown(record.served))
        self._follow_no_more(max(record.number, self._followed))

    def _follow_no_more(self, number: int) -> None:
        self._followed, self._problem, self._rest = number, None, 0.0

    async def _changed(self, change: Change) -> None:
        """Let the other servers know what this one was told, before anybody hears of it."""
        if change.followed or change.agreed:
            return
        served, previous = await self._name(change.packed), await self._name(change.previous)
        try:
            await self._say(served, previous)
        except StoreUnavailable as error:
            self._unsaid = (served, previous)
            raise ModelError(
                f"the other servers could not be told of the model: {error}",
                hint="This server serves it; the others follow when the store answers.",
                code="T886",
            ) from error

    async def _say(self, served: NamedModel | None, previous: NamedModel | None) -> None:
        for _ in range(_TRIES):
            found = await self._agreed.read()
            if found is not None and (found.served, found.previous) == (served, previous):
                said = found  # perhaps by this server, whose answer was lost
            else:
                number = 1 if found is None else found.number + 1
                said = Agreed(number=number, served=served, previous=previous)
                if not await self._agreed.write(said):
                    continue
            self._record, self._unsaid = said, None
            self._follow_no_more(said.number)
            return
        raise StoreUnavailable("other servers decide for another model all the time")

    async def _serves(self, record: Agreed) -> bool:
        return await self._name(self._keeper.packed) == record.served

    async def _name(self, packed: Packed | None) -> NamedModel | None:
        """Return what a model is called in the record; computed once for each."""
        if packed is None:
            return None
        for known, name in self._names:
            if known is packed:
                return name
        name = NamedModel(packed.name, await asyncio.to_thread(digest_of, packed))
        held = (self._keeper.packed, self._keeper.previous)
        self._names = [*(each for each in self._names if each[0] in held), (packed, name)]
        return name

    async def _found(self, wanted: NamedModel | None) -> Packed | None:
        if wanted is None:
            return None
        for packed in (self._keeper.packed, self._keeper.previous):
            name = await self._name(packed)
            if name is not None and name.digest == wanted.digest:
                return packed
        return await asyncio.to_thread(self._find, wanted.name, wanted.digest)

    async def _found_or_none(self, wanted: NamedModel | None) -> Packed | None:
        """Return the way back, if it is there: it does not hold up the way forward."""
        try:
            return await self._found(wanted)
        except ModelError:
            return None


def _shown(model: NamedModel | None) -> str:
    return "no model" if model is None else f"{model.name!r} ({model.digest[:12]})"
