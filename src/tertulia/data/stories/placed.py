"""Events of a story with their places in little memory: equal events are one object."""

from array import array
from collections.abc import Iterator, Sequence
from typing import cast, overload

import msgspec

from tertulia.base.source import SourceSpan
from tertulia.core.events import Event
from tertulia.data.stories.model import StepEvent, StoryItem


class PlacedEvents(Sequence[StepEvent]):
    """Events of one file as a sequence of StepEvent, each made when asked for. Immutable.

    events: without places. Equal to a tuple of the same items.
    """

    __slots__ = ("_file", "_places", "events")

    def __init__(self, events: tuple[Event, ...], file: str, places: "array[int]") -> None:
        # places: line and column of each event, in turns.
        self.events = events
        self._file = file
        self._places = places

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.events)

    @overload
    def __getitem__(self, index: int) -> StepEvent: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[StepEvent, ...]: ...
    def __getitem__(self, index: int | slice) -> StepEvent | tuple[StepEvent, ...]:
        """Return one item, or some."""
        if isinstance(index, slice):
            return tuple(self[one] for one in range(*index.indices(len(self))))
        event = self.events[index]
        at = 2 * (index % len(self.events))
        return StepEvent(event, SourceSpan(self._file, self._places[at], self._places[at + 1]))

    def __iter__(self) -> Iterator[StepEvent]:
        """Yield the items."""
        places = iter(self._places)
        for event in self.events:
            yield StepEvent(event, SourceSpan(self._file, next(places), next(places)))

    def __eq__(self, other: object) -> bool:
        """Tell whether the other sequence has the same items."""
        if isinstance(other, PlacedEvents | tuple):
            return tuple(self) == tuple(cast(Sequence[object], other))
        return NotImplemented

    def __hash__(self) -> int:
        """Return the hash of the items as a tuple, where they have one."""
        return hash(tuple(self))

    def __repr__(self) -> str:
        """Return the items as a tuple is shown."""
        return repr(tuple(self))


class Packer:
    """Packs the items of stories, with one object for all equal events. One for each reading."""

    def __init__(self) -> None:
        self._known: dict[tuple[type, bytes], Event] = {}
        self._files: dict[str, str] = {}

    def packed(self, items: Sequence[StoryItem]) -> Sequence[StoryItem]:
        """Return the same items, packed when all of them are events with places in one file."""
        events: list[Event] = []
        places = array("I")
        file: str | None = None
        for item in items:
            if not isinstance(item, StepEvent) or item.at is None:
                return tuple(items)
            if file is None:
                file = self._files.setdefault(item.at.file, item.at.file)
            elif item.at.file != file:
                return tuple(items)
            events.append(self._one(item.event))
            places.append(item.at.line)
            places.append(item.at.column)
        return PlacedEvents(tuple(events), file or "", places) if events else ()

    def _one(self, event: Event) -> Event:
        try:
            content = msgspec.msgpack.encode(event)
        except (OverflowError, TypeError):
            return event  # such as a slot with a number of more than 64 bits
        return self._known.setdefault((type(event), content), event)
