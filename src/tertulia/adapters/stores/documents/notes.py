"""The feed of a service without a common counter: commits leave notes, and readers number them.

A commit puts a note of its own beside what it writes, so commits of different conversations never
wait for each other. Whoever reads the feed first gives numbers to what is noted, in commits that
compare the head of the feed; so a numbered entry is never followed by one with a smaller number.

Order: by the clocks of the servers; within a conversation, by a stamp in its head that only grows.
A conversation that was erased has no head: its first note under the same name is numbered after
every note that it was erased. Notes name logs, not conversations: what an erased conversation
leaves behind says nothing.
"""

import asyncio
import random
import time
from collections.abc import Sequence

import msgspec

from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.cursors import DocumentCursors
from tertulia.adapters.stores.documents.items import Items
from tertulia.adapters.stores.documents.service import MOST_ITEMS, Entry, Service
from tertulia.core import stored
from tertulia.core.feed import KEPT_ERASURES, Kind

INBOX, FEED, _END, _ERASED = "inbox", "feed", "feed-end", "erased"
"""Parts: notes without a number; with one, in order; the head; numbers of erasures."""

OWNER = "o"
"""Name within a log: whose it is."""

_AT_ONCE = 20
_OF_NOTE = 5
"""Items that a numbered note takes in a commit, at most."""

_TRIES = 100


class Note(msgspec.Struct, frozen=True, array_like=True):
    """What was stored. known: the log; of an erasure, the hash of the conversation's id.

    seq, count: of events: the sequence number of the last one, and how many there are. whose: hash
    of the id of a conversation that begins with it, empty otherwise.
    """

    kind: Kind
    known: str
    seq: int = 0
    count: int = 0
    whose: str = ""

    @property
    def numbers(self) -> int:
        """Return how many positions it takes."""
        return max(1, self.count)


class _End(msgspec.Struct, frozen=True, array_like=True):
    position: int = 0
    erasures: int = 0


_encode = msgspec.msgpack.Encoder().encode
decode_note = msgspec.msgpack.Decoder(Note).decode
_decode_end = msgspec.msgpack.Decoder(_End).decode


def leave(items: Items, note: Note, after: int) -> int:
    """Let a commit leave a note; return its stamp, greater than `after`. Microseconds."""
    stamp = max(time.time_ns() // 1000, after + 1)
    name = f"n{stamp:016d}{values.token()}"
    items.put(INBOX, name, _encode(note))
    if note.kind == "erased":
        items.put(_pending(note.known), name)
    return stamp


def place(position: int) -> str:
    """Return the name of an entry of the feed."""
    return f"f{position:016d}"


def erased_part(known: str) -> str:
    """Return the part with the entries that tell of a conversation's erasures."""
    return f"z{known}"


async def forget(service: Service, known: str) -> None:
    """Remove the entries of a log that is gone, before the log is removed."""
    after, part = "f", values.data_part(known)
    while rows := await service.scan(part, after=after, last=f"f{values.END}", limit=100):
        await service.remove(FEED, [name for name, _ in rows])
        after = rows[-1][0]


class Numbering:
    """Gives numbers to notes. cursors: hold back notes of erasures that they have not passed."""

    def __init__(self, service: Service, cursors: DocumentCursors) -> None:
        self._service = service
        self._cursors = cursors
        self._order = asyncio.Lock()

    async def end(self) -> int:
        """Number what is noted by now; return the newest position.

        Raises:
            StoreUnavailable: no answer, or other servers number all the time.
        """
        async with self._order:
            tried = 0
            while tried < _TRIES:
                done = await self._round()
                if done is None:
                    tried += 1
                    await asyncio.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - no secret
                elif done >= 0:
                    return done
        raise stored.unreachable(self._service.where, "others number the feed all the time")

    async def _round(self) -> int | None:
        """Number some notes; return the end when that was all, -1 when not, None when beaten."""
        found = await self._service.head(_END)
        end = _End() if found is None else _decode_end(found[1])
        rows = await self._service.scan(INBOX, after="n", last=f"n{values.END}", limit=_AT_ONCE)
        if not rows:
            return await self._prune(found, end)
        items, notes = Items(), await self._in_order(rows)
        for name, note in notes[: (MOST_ITEMS - 2) // _OF_NOTE]:
            end = _number(items, end, name, note)
        change = items.as_change(_END, None if found is None else found[0], _encode(end))
        return -1 if await self._service.commit(change) else None

    async def _in_order(self, rows: Sequence[tuple[str, bytes]]) -> list[tuple[str, Note]]:
        """Return notes so that no conversation begins before it was erased."""
        found: dict[str, Note] = {}
        for name, body in rows:
            note = decode_note(body)
            if note.whose:
                part = _pending(note.whose)
                erased = await self._service.scan(
                    part, after="n", last=f"n{values.END}", limit=_AT_ONCE
                )
                for each, _ in erased:
                    found.setdefault(each, Note("erased", note.whose))
            found.setdefault(name, note)
        return list(found.items())

    async def _prune(self, found: tuple[str, bytes] | None, end: _End) -> int | None:
        """Drop old notes of erasures that everybody has passed; return as `_round`."""
        most = min(end.erasures - KEPT_ERASURES, _AT_ONCE)
        if most <= 0 or found is None:
            return end.position
        passed = min((await self._cursors.read()).values(), default=end.position)
        rows = await self._service.scan(_ERASED, after="", last=place(passed), limit=most)
        if not rows:
            return end.position
        items = Items()
        for name, known in rows:
            items.drop(_ERASED, name)
            items.drop(FEED, name)
            items.drop(erased_part(known.decode()), name)
        fewer = _End(end.position, end.erasures - len(rows))
        change = items.as_change(_END, found[0], _encode(fewer))
        return -1 if await self._service.commit(change) else None


def _number(items: Items, end: _End, name: str, note: Note) -> _End:
    position = end.position + note.numbers
    for entry in _entries(place(position), note):
        items.put(*entry)
    items.drop(INBOX, name)
    if note.kind == "erased":
        items.drop(_pending(note.known), name)
    return _End(position, end.erasures + (note.kind == "erased"))


def _entries(name: str, note: Note) -> Sequence[Entry]:
    body = _encode(note)
    if note.kind != "erased":
        return (FEED, name, body), (values.data_part(note.known), name, body)
    own = (erased_part(note.known), name, body)
    return (FEED, name, body), own, (_ERASED, name, note.known.encode())


def _pending(known: str) -> str:
    """Return the part with the names of notes that a conversation was erased."""
    return f"y{known}"
