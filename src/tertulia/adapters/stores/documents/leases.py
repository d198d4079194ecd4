"""Leases as heads that change with each renewal; who waits for one watches it by its own clock."""

import time

import msgspec

from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.service import Change, Service
from tertulia.core import stored


class _Lease(msgspec.Struct, frozen=True, array_like=True):
    holder: str
    token: int
    seconds: float


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Lease).decode


class DocumentLeases:
    """See `LeaseKeeper`. The service has no clock that could be asked.

    So a lease has run out for others when they have seen it unchanged for as long as it lasts,
    which is a little later than for its holder.
    """

    def __init__(self, service: Service) -> None:
        self._service = service
        self._seen: dict[str, tuple[str, float]] = {}
        self._taken: dict[tuple[str, str], float] = {}

    async def take(self, name: str, holder: str, *, seconds: float) -> int | None:
        """Take or renew a lease."""
        part, now = _part(name), time.monotonic()
        found = await self._service.head(part)
        token = 1
        if found is not None:
            lease = _decode(found[1])
            if not self._is_free(name, found[0], lease, holder, now):
                return None
            is_mine = lease.holder == holder and now - self._began(name, holder) < lease.seconds
            token = lease.token if is_mine else lease.token + 1
        change = Change(
            part=part,
            seen=None if found is None else found[0],
            rev=values.token(),
            head=_encode(_Lease(stored.check_text(holder), token, seconds)),
        )
        if not await self._service.commit(change):
            return None
        self._taken[name, holder] = now
        return token

    async def drop(self, name: str, holder: str) -> None:
        """Let others take it."""
        part = _part(name)
        found = await self._service.head(part)
        if found is None or (lease := _decode(found[1])).holder != holder:
            return
        free = _encode(_Lease("", lease.token, 0.0))
        await self._service.commit(Change(part=part, seen=found[0], rev=values.token(), head=free))

    def _is_free(self, name: str, rev: str, lease: _Lease, holder: str, now: float) -> bool:
        if lease.holder in (holder, ""):
            return True
        seen = self._seen.get(name)
        if seen is None or seen[0] != rev:
            self._seen[name] = (rev, now)
            return False
        return now - seen[1] >= lease.seconds

    def _began(self, name: str, holder: str) -> float:
        return self._taken.get((name, holder), float("-inf"))


def _part(name: str) -> str:
    return f"l{stored.check_text(name)}"
