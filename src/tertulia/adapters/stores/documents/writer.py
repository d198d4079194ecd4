"""Writing: a change is put together from the head there is, and made if that is still there."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

from tertulia.adapters.shared.coding import bodies_of
from tertulia.adapters.shared.patience import patiently
from tertulia.adapters.shared.writes import Writes
from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.beside import reminders_of, set_reminders
from tertulia.adapters.stores.documents.draft import Draft, Found
from tertulia.adapters.stores.documents.draft import find as read_head
from tertulia.adapters.stores.documents.notes import forget
from tertulia.adapters.stores.documents.service import Service, committed
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored

LONGEST_ID = 255
_TRIES = 30
_AT_ONCE = 40
_log = logging.getLogger("tertulia.store")
Fill = Callable[[Draft], Awaitable[None]]


class Writer:
    """Changes conversations of a service. writes: those under way."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self.writes = Writes()

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        first = not self.writes.is_closed
        await self.writes.close()
        if first:
            await self._service.close()

    async def clean(self) -> None:
        """Remove what was noted as garbage by processes that ended before they removed it.

        Raises:
            StoreUnavailable: no answer.
        """
        rows = await self._service.scan(values.GARBAGE, after="", last=values.END, limit=1000)
        for known, _ in rows:
            await self._remove(known)

    async def find(self, sender_id: str) -> Found:
        """Return a head; a conversation of the originals is taken over before."""
        stored.check_text(sender_id, longest=LONGEST_ID)
        found = await read_head(self._service, sender_id)
        if found.rev is not None:
            return found
        old = await self._service.find_old(sender_id)
        if not old:
            return found
        draft = Draft(self._service, found)
        await draft.add(await bodies_of(old), told=False)  # the originals have told them
        await self._commit(draft, found)
        return await read_head(self._service, sender_id)

    async def write(self, sender_id: str, expected: int, fill: Fill | None) -> int:
        """Commit what `fill` puts into a draft; nothing to fill only checks the version."""
        for tried in range(_TRIES):
            found = await self.find(sender_id)
            if found.head.version != expected:
                raise stored.conflict(sender_id, found=found.head.version, expected=expected)
            if fill is None:
                return expected
            draft = Draft(self._service, found)
            await fill(draft)
            if await self._commit(draft, found):
                return draft.head.version
            await _pause(tried)
        raise stored.unreachable(self._service.where, "others write to it all the time")

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation; return the number of its events."""
        for tried in range(_TRIES):
            found = await self.find(sender_id)
            if found.rev is None:
                return 0
            await self._service.drop_old(sender_id)
            draft = Draft(self._service, found)
            reminders = await reminders_of(draft)
            fewer = dict(list(reminders.items())[_AT_ONCE:])
            set_reminders(draft, reminders, fewer)
            if not fewer:
                draft.forget()
            if not await self._commit(draft, found, gone=not fewer):
                await _pause(tried)
            elif not fewer:
                await self._remove(found.head.own)
                return found.head.version - found.head.base
        raise stored.unreachable(self._service.where, "others write to it all the time")

    async def _commit(self, draft: Draft, found: Found, *, gone: bool = False) -> bool:
        """Commit a draft, and remove what it makes superfluous; False when others were quicker."""
        change = draft.change(gone=gone)
        if draft.pieces:
            await self._service.put(draft.pieces)
        if not await committed(self._service, change):
            for part, name, _ in draft.pieces:
                await self._service.remove(part, [name])
            return False
        if gone or draft.head.log != found.head.log:
            await self._remove(found.head.log)
            return True
        log = values.data_part(draft.head.log)
        for name in draft.outdated():
            await self._service.remove(log, [name])
            await self._drop(log, after=f"{name}x")
        return True

    async def _remove(self, known: str) -> None:
        await forget(self._service, known)
        await self._drop(values.data_part(known))
        await self._service.remove(values.GARBAGE, [known])

    async def _drop(self, part: str, *, after: str = "") -> None:
        """Remove what begins with a name, and is longer; everything when there is none."""
        while rows := await self._service.scan(
            part, after=after, last=f"{after}{values.END}", limit=100
        ):
            await self._service.remove(part, [name for name, _ in rows])


async def _pause(tried: int) -> None:
    """Wait for others who write to the same conversation; longer the more was tried."""
    longest = min(0.3, 0.01 * 1.5**tried)
    await asyncio.sleep(random.uniform(longest / 2, longest))  # noqa: S311 - no secret


async def ready(service: Service, patience: float) -> Service:
    """Return the service once it answers, without what others left to be removed.

    patience: seconds to wait for one that does not answer yet.

    Raises:
        StoreUnavailable: it does not answer, or refuses; it is closed then.
    """

    async def attempt() -> Service:
        await service.prepare()
        await Writer(service).clean()
        return service

    try:
        return await patiently(attempt, patience, _log)
    except StoreUnavailable:
        await service.close()
        raise
