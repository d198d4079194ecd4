"""What each test of a tracker store starts from."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
import pytest_asyncio

from tertulia.core.events import Event, SlotSet
from tertulia.core.ports import Loaded, Snapshot, TrackerStore

EMPTY = Loaded(version=0, events=())


def numbered(first: int, last: int) -> list[Event]:
    """Return one event for each number, both ends included."""
    return [SlotSet(timestamp=float(n), name="n", value=n) for n in range(first, last + 1)]


def numbers(events: Sequence[Event]) -> list[object]:
    """Return the numbers of events that `numbered` made."""
    return [event.value for event in events if isinstance(event, SlotSet)]


def snapshot_of(version: int, fingerprint: str = "rules") -> Snapshot:
    """Return a snapshot whose body names its version."""
    return Snapshot(version=version, fingerprint=fingerprint, body=b"state %d" % version)


class StoreCase(ABC):
    """One store per test. durable: what a closed store knew is there when it is opened again."""

    durable: ClassVar[bool] = True
    longest_id: ClassVar[int] = 10_000
    pytestmark = pytest.mark.asyncio

    @abstractmethod
    async def make_store(self, place: Path) -> TrackerStore:
        """Open the store of this place: empty at first, the same data when it is opened again.

        place: an empty folder that no other test has; its name may serve as a namespace.
        """

    @pytest_asyncio.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[TrackerStore]:
        """A store, closed after the test."""
        opened = await self.make_store(tmp_path)
        yield opened
        await opened.close()
