"""Reads the feed: entries in order, each with its event, as long as that is there."""

import asyncio
import logging
from collections.abc import Mapping, Sequence

from tertulia.adapters.shared.writes import Writes
from tertulia.adapters.stores.documents import notes, values
from tertulia.adapters.stores.documents.cursors import DocumentCursors
from tertulia.adapters.stores.documents.draft import Head, find
from tertulia.adapters.stores.documents.notes import FEED, OWNER, Note, Numbering, decode_note
from tertulia.adapters.stores.documents.reader import Reader
from tertulia.adapters.stores.documents.service import Service
from tertulia.base.border import end_tasks, outcome, unforeseen
from tertulia.core.events import Event
from tertulia.core.feed import FeedEntry, forgotten_id

_PAGE = 200
_LAST = 10**15
_PAUSE = 1.0
"""Seconds after a commit until its note is numbered, if nobody reads the feed before."""

_log = logging.getLogger("tertulia.store")


class _Part:
    """A note at its place, and which of its events are wanted: numbers `first` to `last`."""

    def __init__(self, name: str, body: bytes, after: int, most: int) -> None:
        self.note: Note = decode_note(body)
        self.position = int(name[1:])
        rest = min(self.note.numbers, self.position - after)
        self.size = min(rest, most)
        self.first = self.note.seq - rest + 1
        self.last = self.first + self.size - 1
        self.begin = self.position - rest + 1

    def is_event(self) -> bool:
        return self.note.kind == "event"


class DocumentFeed:
    """See `DurableFeed`. reader: of logs. writes: of the store; a closed one is not read."""

    def __init__(self, service: Service, reader: Reader, writes: Writes) -> None:
        self._service = service
        self._reader = reader
        self._writes = writes
        self.cursors = DocumentCursors(service, writes)
        self._numbering = Numbering(service, self.cursors)
        self._soon: asyncio.Task[None] | None = None

    def poke(self) -> None:
        """Number soon what was noted, so that whoever reads first need not number all of it."""
        if self._soon is None or self._soon.done():
            self._soon = asyncio.get_running_loop().create_task(self._number_soon())

    async def close(self) -> None:
        """Number no more; what is noted and has no number gets one later."""
        if self._soon is not None:
            await end_tasks(self._soon)

    async def end(self) -> int:
        """Return the newest position."""
        self._writes.check_open()
        return await self._numbering.end()

    async def read(self, after: int, limit: int, sender_id: str | None) -> list[FeedEntry]:
        """Return the next entries. Cost: those, and of each conversation among them its head."""
        await self.end()
        after, limit = min(max(0, after), _LAST), min(max(0, limit), _LAST)
        found: list[FeedEntry] = []
        while len(found) < limit:
            rows = await self._rows(after, min(limit - len(found), _PAGE), sender_id)
            parts = _wanted(rows, after, limit - len(found))
            if not parts:
                break
            found += await self._entries(parts)
            after = parts[-1].begin + parts[-1].size - 1
        return found

    async def _rows(
        self, after: int, limit: int, sender_id: str | None
    ) -> Sequence[tuple[str, bytes]]:
        start, last = notes.place(after), f"f{values.END}"
        if sender_id is None:
            return await self._service.scan(FEED, after=start, last=last, limit=limit)
        parts = [notes.erased_part(forgotten_id(sender_id))]
        found = await find(self._service, sender_id)
        if found.rev is not None:
            parts.append(values.data_part(found.head.log))
        rows = [await self._service.scan(p, after=start, last=last, limit=limit) for p in parts]
        return sorted(row for some in rows for row in some)[:limit]

    async def _entries(self, parts: Sequence[_Part]) -> list[FeedEntry]:
        logs = {part.note.known: None for part in parts if part.note.kind != "erased"}
        owners = dict(zip(logs, await asyncio.gather(*map(self._owner, logs)), strict=True))
        events = await self._events([part for part in parts if part.is_event()], owners)
        found: list[FeedEntry] = []
        for part in parts:
            if part.note.kind == "erased":
                found.append(
                    FeedEntry(position=part.position, kind="erased", sender_id=part.note.known)
                )
            elif (owner := owners[part.note.known]) is None:
                await self._drop(part)
            elif part.note.kind == "replaced":
                found.append(FeedEntry(position=part.position, kind="replaced", sender_id=owner))
            else:
                found += _told(part, owner, events)
        return found

    async def _owner(self, known: str) -> str | None:
        """Return whose log it is; None when it is nobody's any more."""
        signed = await self._service.get(values.data_part(known), OWNER)
        if signed is None:
            return None
        owner = signed.decode()
        return owner if (await find(self._service, owner)).head.log == known else None

    async def _events(
        self, parts: Sequence[_Part], owners: Mapping[str, str | None]
    ) -> dict[tuple[str, int], Event]:
        """Return the wanted events by log and sequence number; each log is read once."""
        spans: dict[str, tuple[_Part, _Part]] = {}
        for part in parts:
            known = part.note.known
            if owners[known] is not None:
                spans[known] = (spans.get(known, (part, part))[0], part)
        found: dict[tuple[str, int], Event] = {}
        for known, (begin, end) in spans.items():
            head, first = Head(log=known, own="", version=end.note.seq), begin.first
            events = await self._reader.events(head, first, limit=end.last - first + 1)
            for number, event in enumerate(events or (), first):
                found[known, number] = event
        return found

    async def _drop(self, part: _Part) -> None:
        """Remove an entry of a log that is gone, which was numbered while that went."""
        name = notes.place(part.position)
        await self._service.remove(FEED, [name])
        await self._service.remove(values.data_part(part.note.known), [name])

    async def _number_soon(self) -> None:
        await asyncio.sleep(_PAUSE)
        end = await outcome(self._numbering.end())
        if isinstance(end, Exception):
            _log.info("the feed is numbered later: %s", end, exc_info=unforeseen(end))


def _wanted(rows: Sequence[tuple[str, bytes]], after: int, limit: int) -> list[_Part]:
    parts: list[_Part] = []
    for name, body in rows:
        if limit <= 0:
            break
        part = _Part(name, body, after, limit)
        parts.append(part)
        after, limit = part.position, limit - part.size
    return parts


def _told(part: _Part, owner: str, events: Mapping[tuple[str, int], Event]) -> list[FeedEntry]:
    """Return the entries of a note; none where its events went meanwhile."""
    found: list[FeedEntry] = []
    for offset in range(part.size):
        event = events.get((part.note.known, part.first + offset))
        if event is not None:
            found.append(
                FeedEntry(
                    position=part.begin + offset,
                    kind="event",
                    sender_id=owner,
                    seq=part.first + offset,
                    event=event,
                )
            )
    return found
