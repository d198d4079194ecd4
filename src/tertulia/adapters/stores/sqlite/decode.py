"""What was read, decoded: on the reading threads, after the transaction."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from tertulia.adapters.stores.sqlite import faults
from tertulia.adapters.stores.sqlite.feed import RawEntry
from tertulia.adapters.stores.sqlite.statements import Part, Stored
from tertulia.core.events import Event
from tertulia.core.events.codec import decode_stored
from tertulia.core.feed import FeedEntry
from tertulia.core.ports import Loaded, Page

_decode_json = msgspec.json.Decoder(dict[str, object]).decode


class Decoder:
    """Rows to values. path: of the file, for what is said of damage.

    Every method raises StoreUnavailable when a stored event cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def loaded(self, stored: Stored) -> Loaded:
        """Return a log or its tail."""
        events = self._events(stored.bodies)
        return Loaded(version=stored.version, events=events, snapshot=stored.snapshot)

    def page(self, part: Part) -> Page:
        """Return a part of a log."""
        return Page(version=part.version, first=part.first, events=self._events(part.bodies))

    def entries(self, raws: Sequence[RawEntry]) -> list[FeedEntry]:
        """Return entries of the feed."""
        return [
            FeedEntry(
                position=raw.position,
                kind=raw.kind,
                sender_id=raw.sender_id,
                seq=raw.seq,
                event=None if raw.body is None else self._events([raw.body])[0],
            )
            for raw in raws
        ]

    def _events(self, bodies: Sequence[bytes]) -> tuple[Event, ...]:
        try:
            return tuple([decode_stored(_decode_json(body)) for body in bodies])
        except msgspec.DecodeError as error:
            detail = f"a stored event is no JSON object: {error}"
            raise faults.damaged(self._path, detail) from error
