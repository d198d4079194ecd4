"""A duty that one process has at a time: among those of a machine, or all that share a store.

Rule: whoever has it knows without asking; whoever cannot be sure has it no longer.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Callable

from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.base.errors import StoreUnavailable
from tertulia.core.leases import LeaseKeeper, SharedStore
from tertulia.core.ports import TrackerStore

_log = logging.getLogger("tertulia.duty")

LEASE_SECONDS = 12.0
"""How long a lease lasts: after that the duty of a process that has died passes on."""

_CERTAIN = 0.9
"""Part of it that the holder counts on, by its own clock, which may run slower than the store's."""

_RENEWED = 4
"""How often it is renewed while it lasts."""


def alone() -> bool:
    """Tell that a process has every duty: there is no other."""
    return True


class Duty:
    """name: of the duty. leases: None where `alone` decides, of processes without a shared store.

    seconds: how long the lease lasts. on_begin: called when the duty has come to this process.
    """

    def __init__(
        self,
        name: str,
        leases: LeaseKeeper | None,
        *,
        alone: Callable[[], bool] = alone,
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self.on_begin: Callable[[], None] = lambda: None
        self.token: int | None = None
        """Of the lease; greater than all of the holders before."""
        self._name = name
        self._leases = leases
        self._alone = alone
        self._seconds = seconds
        self._holder = uuid.uuid4().hex
        self._certain_until = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_shared(self) -> bool:
        """Tell whether processes on other machines may have it."""
        return self._leases is not None

    def is_ours(self) -> bool:
        """Tell whether this process has the duty now."""
        if self._leases is None:
            return self._alone()
        return time.monotonic() < self._certain_until

    def start(self) -> None:
        """Begin to ask for the duty, in the running event loop."""
        if self._leases is not None and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._keep(self._leases))

    async def stop(self) -> None:
        """Have it no longer; another process may have it at once."""
        task, self._task = self._task, None
        if task is None or self._leases is None:
            return
        await end_tasks(task)
        if self.is_ours():
            self._certain_until = 0.0
            try:
                await self._leases.drop(self._name, self._holder)
            except StoreUnavailable as error:
                _log.info(
                    "the duty '%s' passes on when its lease has run out: %s", self._name, error
                )

    async def _keep(self, leases: LeaseKeeper) -> None:
        failed = False
        while True:
            error = await outcome(self._ask(leases))
            if error is not None and not failed:
                _log.warning(
                    "T920 the duty '%s' cannot be had now: %s",
                    self._name,
                    error,
                    exc_info=unforeseen(error),
                )
            failed = error is not None
            await asyncio.sleep(self._seconds / _RENEWED)

    async def _ask(self, leases: LeaseKeeper) -> None:
        asked = time.monotonic()
        token = await leases.take(self._name, self._holder, seconds=self._seconds)
        if token is None:
            self._certain_until, self.token = 0.0, None
            return
        self._certain_until = asked + self._seconds * _CERTAIN
        if token != self.token:
            self.token = token
            _log.info("this process has the duty '%s' now", self._name)
            self.on_begin()


def duty_of(name: str, store: TrackerStore, *, alone: Callable[[], bool] = alone) -> Duty:
    """Return a duty that is given by the store, if servers share it, and by `alone` otherwise."""
    leases = store.leases if isinstance(store, SharedStore) else None
    return Duty(name, leases, alone=alone)
