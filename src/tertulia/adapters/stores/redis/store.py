"""The tracker store itself: every call is one script, performed by the server in one step."""

import logging
import os
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tertulia.adapters.shared.coding import bodies_of, decoded
from tertulia.adapters.shared.patience import patiently
from tertulia.adapters.stores.redis import scripts
from tertulia.adapters.stores.redis.agreed import RedisAgreed
from tertulia.adapters.stores.redis.feed import RedisFeed
from tertulia.adapters.stores.redis.keys import order_of
from tertulia.adapters.stores.redis.leases import RedisLeases
from tertulia.adapters.stores.redis.server import Server
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.core.feed import KEPT_ERASURES, FeedEntry, forgotten_id
from tertulia.core.ports import KEPT_RECEIPTS, Loaded, Page, Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled
from tertulia.schema.stores import RedisStore

_LAST_NUMBER = 2**52
_log = logging.getLogger("tertulia.store")


class RedisTrackerStore:
    """Keeps conversations on one Redis server (not a cluster), made by `open`.

    Any number of servers may share it. An append is acknowledged when Redis has it; whether it
    survives the end of Redis is Redis' configuration (`appendonly`, `appendfsync`). A conversation
    that the originals left is taken over when it is first asked for.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.leases = RedisLeases(server.ask, server.client, server.names)
        self._feed = RedisFeed(server)
        self.cursors = self._feed.cursors
        self.agreed = RedisAgreed(server)

    @classmethod
    async def open(
        cls,
        config: RedisStore,
        *,
        env: Mapping[str, str] = os.environ,
        patience: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> "RedisTrackerStore":
        """Return the store. patience: seconds to wait for a server that does not answer yet.

        env, now: as every store's; this one needs neither.

        Raises:
            StoreUnavailable: the server does not answer, or refuses.
        """
        server = Server(config)
        try:
            await patiently(lambda: server.ask(server.client.ping), patience, _log)
        except StoreUnavailable:
            await server.close()
            raise
        return cls(server)

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log."""
        return await _loaded(await self._read(sender_id), "")

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return a fitting snapshot and the events after it, or the whole log."""
        known = stored.check_text(fingerprint)
        found = await self._read(sender_id, fingerprint=known, window=_number(window))
        return await _loaded(found, fingerprint)

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        *,
        expected: int,
        snapshot: Snapshot | None = None,
        schedule: ScheduleChange | None = None,
        receipt: Receipt | None = None,
    ) -> int:
        """Add events after version `expected`."""
        stored.check_beside(expected + len(events), snapshot, schedule, receipt)
        call: dict[str, Any] = {}
        if snapshot is not None:
            call |= {
                "taken": snapshot.version,
                "fingerprint": snapshot.fingerprint,
                "body": snapshot.body,
                "kept": stored.KEPT_SNAPSHOTS,
            }
        if receipt is not None:
            call |= {
                "receipt": receipt.key,
                "answer": stored.encode_receipt(receipt),
                "receipt_version": receipt.version,
                "receipts": KEPT_RECEIPTS,
            }
        call |= {"expected": expected, "events": await bodies_of(events)}
        return await self._server.writes.whole(self._write(sender_id, call, schedule))

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log."""
        call = {"expected": expected, "events": await bodies_of(events), "replace": True}
        return await self._server.writes.whole(self._write(sender_id, call, None))

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return the next events after a sequence number. Cost: those events, in Redis' lists."""
        found = await self._read(sender_id, after=_number(after), limit=_number(limit))
        events = stored.decode_events(found[3])
        first = found[2] + 1 if events else found[1] + 1
        return Page(version=found[1], first=first, events=events)

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key."""
        name = self._server.names.of(stored.check_text(sender_id))[3]
        body = await self._server.ask(
            lambda: self._server.client.hget(name, stored.check_text(key).encode())
        )
        return None if body is None else stored.decode_receipt(body)

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number."""
        return (await self._read(sender_id, bare=True))[1]

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in the order of their code points. Cost: those ids."""
        found: list[str] = []
        while len(found) < limit:
            start = b"-" if after is None else b"(" + stored.check_text(after).encode()
            page = await _ids(self._server, start, limit - len(found))
            if not page:
                break
            after = page[-1].decode()
            found += [each.decode() for each in await self._still_there(page)]
        return found

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders, the earliest first. Cost: those reminders."""
        start, count = b"-" if after is None else b"(" + order_of(after), _number(limit)
        names = self._server.names
        order = await self._server.ask(
            lambda: self._server.client.zrangebylex(names.due, start, b"+", start=0, num=count)
        )
        if not order:
            return []
        bodies = await self._server.ask(lambda: self._server.client.hmget(names.reminders, order))
        return [stored.decode_reminder(body) for body in bodies if body is not None]

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation, also where the originals kept it."""
        return await self._server.writes.whole(self._erase(sender_id))

    async def read_feed(
        self, *, after: int, limit: int, sender_id: str | None = None
    ) -> Sequence[FeedEntry]:
        """Return the next entries after a position."""
        return await self._feed.read(after, limit, sender_id)

    async def feed_end(self) -> int:
        """Return the newest position."""
        return await self._feed.end()

    async def close(self) -> None:
        """Finish what was begun, refuse what comes later, and let go of the connections."""
        await self._server.close()

    async def _erase(self, sender_id: str) -> int:
        call = {"forgotten": forgotten_id(sender_id), "kept": KEPT_ERASURES}
        return (await self._server.run(scripts.ERASE, sender_id, call))[1]

    async def _read(self, sender_id: str, **call: Any) -> Any:
        return await self._server.run(scripts.READ, sender_id, call)

    async def _write(
        self, sender_id: str, call: dict[str, Any], schedule: ScheduleChange | None
    ) -> int:
        while True:
            planned = {} if schedule is None else await self._plan(sender_id, schedule)
            answer = await self._server.run(scripts.WRITE, sender_id, {**call, **planned})
            if answer[0] == b"conflict":
                raise stored.conflict(sender_id, found=answer[1], expected=call["expected"])
            if answer[0] == b"ok":
                return answer[1]

    async def _plan(self, sender_id: str, schedule: ScheduleChange) -> dict[str, Any]:
        """Return what a change comes to, for reminders as they are at `rev`."""
        _, rev, bodies = await self._server.run(scripts.REMINDERS, sender_id, {})
        before = {each.name: each for each in map(stored.decode_reminder, bodies)}
        after = rescheduled(before, schedule)
        if after is None:
            raise stored.not_scheduled()
        gone = [each for name, each in before.items() if after.get(name) != each]
        put = [each for name, each in after.items() if before.get(name) != each]
        return {
            "rev": rev,
            "gone": [[each.name, order_of(each)] for each in gone],
            "put": [[each.name, order_of(each), stored.encode_reminder(each)] for each in put],
        }

    async def _still_there(self, ids: Sequence[bytes]) -> list[bytes]:
        """Return the ids of conversations that have not expired; forget the others."""
        if self._server.expire is None:
            return list(ids)
        heads = [self._server.names.of(each.decode())[0] for each in ids]
        there = [
            await self._server.ask(lambda name=head: self._server.client.exists(name))
            for head in heads
        ]
        gone = [each for each, found in zip(ids, there, strict=True) if not found]
        if gone:
            await self._server.ask(lambda: self._server.client.zrem(self._server.names.ids, *gone))
        return [each for each, found in zip(ids, there, strict=True) if found]


async def _ids(server: Server, start: bytes, count: int) -> list[bytes]:
    return await server.ask(
        lambda: server.client.zrangebylex(server.names.ids, start, b"+", start=0, num=count)
    )


async def _loaded(found: Any, fingerprint: str) -> Loaded:
    _, version, _, bodies, taken = found
    snapshot = None
    if taken:
        snapshot = Snapshot(version=taken[0], fingerprint=fingerprint, body=taken[1])
    return Loaded(version=version, events=await decoded(bodies), snapshot=snapshot)


def _number(number: int) -> int:
    """Return a number that Lua takes and that compares like the given one."""
    return min(max(0, number), _LAST_NUMBER)
