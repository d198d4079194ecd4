"""A conversation's head, and a change of it while it is put together."""

from collections.abc import Sequence
from functools import partial

import msgspec

from tertulia.adapters.shared.coding import handled
from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.items import Items
from tertulia.adapters.stores.documents.notes import OWNER, Note, leave
from tertulia.adapters.stores.documents.service import Change, Service
from tertulia.core import stored
from tertulia.core.feed import forgotten_id
from tertulia.core.ports import Snapshot

_BLOCKS = 40


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """A snapshot that is kept. known: names its item."""

    version: int
    fingerprint: str
    known: str


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a conversation.

    base: sequence number before the first event of the log. log: names the part with its events
    and snapshots. own: names the part with what outlives a log. signed: the log says whose it is.
    stamp: of its newest note for the feed.
    """

    version: int = 0
    base: int = 0
    log: str
    own: str
    taken: tuple[Taken, ...] = ()
    signed: bool = False
    stamp: int = 0


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A head as it was read. rev: None when it is not there."""

    sender_id: str
    rev: str | None
    head: Head


_decode_head = msgspec.msgpack.Decoder(Head).decode
_encode = msgspec.msgpack.Encoder().encode


async def find(service: Service, sender_id: str) -> Found:
    """Return a conversation's head, a new one when there is none.

    Raises:
        StoreUnavailable: no answer, or something else is kept there (T640).
    """
    read = await service.head(values.head_part(sender_id))
    if read is None:
        new = Head(log=values.token(), own=values.token())
        return Found(sender_id=sender_id, rev=None, head=new)
    try:
        return Found(sender_id=sender_id, rev=read[0], head=_decode_head(read[1]))
    except msgspec.MsgspecError as error:
        raise stored.damaged(f"the head of a conversation: {error}") from error


class Draft(Items):
    """Collects what one commit changes of a conversation. head: as it will be."""

    def __init__(self, service: Service, found: Found) -> None:
        super().__init__()
        self._service = service
        self._found = found
        self.head = found.head

    @property
    def own_part(self) -> str:
        """Return the part with what outlives a log."""
        return values.data_part(self.head.own)

    def change(self, *, gone: bool = False) -> Change:
        """Return the whole of it. gone: the conversation goes. Raises as `as_change`."""
        head = None if gone else _encode(self.head)
        return self.as_change(values.head_part(self._found.sender_id), self._found.rev, head)

    async def add(self, bodies: Sequence[str], *, told: bool = True) -> None:
        """Add events at the end of the log. told: in the feed."""
        if not bodies:
            return
        self._make_known()
        self._sign()
        first = self.head.version + 1
        await handled(partial(self._pack_blocks, first=first), bodies)
        last = self.head.version + len(bodies)
        if told:
            whose = "" if self.head.version else forgotten_id(self._found.sender_id)
            self._leave(Note("event", self.head.log, last, len(bodies), whose))
        self.head = msgspec.structs.replace(self.head, version=last)

    def begin_anew(self) -> None:
        """Begin another log after this one, which goes."""
        self.discard(self.head.log)
        self._make_known()
        self.head = msgspec.structs.replace(
            self.head, base=self.head.version, log=values.token(), taken=(), signed=False
        )
        self._sign()
        whose = "" if self.head.version else forgotten_id(self._found.sender_id)
        self._leave(Note("replaced", self.head.log, whose=whose))

    def skip(self) -> None:
        """Make the version grow without an event."""
        version = self.head.version + 1
        self.head = msgspec.structs.replace(self.head, version=version, base=version)

    def keep(self, snapshot: Snapshot) -> None:
        """Keep a snapshot in place of one of its version; too many are not kept."""
        known = values.token()
        name = f"s{known}"
        self.pack(values.data_part(self.head.log), name, snapshot.body, stem=name)
        taken = Taken(version=snapshot.version, fingerprint=snapshot.fingerprint, known=known)
        others = [each for each in self.head.taken if each.version != snapshot.version]
        newest = sorted([*others, taken], key=lambda each: each.version)[-stored.KEPT_SNAPSHOTS :]
        self.head = msgspec.structs.replace(self.head, taken=tuple(newest))

    def outdated(self) -> list[str]:
        """Return the names of snapshots that are not kept any more, in the same log."""
        kept = {each.known for each in self.head.taken}
        return [f"s{each.known}" for each in self._found.head.taken if each.known not in kept]

    def forget(self) -> None:
        """Take the conversation off the list, and leave its parts to be removed."""
        self.drop(values.IDS, f"i{self._found.sender_id}")
        if self.head.version:
            self._leave(Note("erased", forgotten_id(self._found.sender_id)))
        self.discard(self.head.log)
        self.discard(self.head.own)

    async def own(self, name: str) -> bytes | None:
        """Return a value that outlives the log."""
        if self._found.rev is None:
            return None
        data = await self._service.get(self.own_part, name)
        return None if data is None else await values.unpacked(self._service, data)

    def _leave(self, note: Note) -> None:
        stamp = leave(self, note, self.head.stamp)
        self.head = msgspec.structs.replace(self.head, stamp=stamp)

    def _sign(self) -> None:
        if not self.head.signed:
            self.put(values.data_part(self.head.log), OWNER, self._found.sender_id.encode())
            self.head = msgspec.structs.replace(self.head, signed=True)

    def _make_known(self) -> None:
        if not self.head.version:
            self.put(values.IDS, f"i{self._found.sender_id}")

    def _pack_blocks(self, bodies: Sequence[str], *, first: int) -> None:
        for last, lines in values.as_blocks(bodies, first, most=_BLOCKS):
            self.pack(values.data_part(self.head.log), values.block_name(last), lines)
