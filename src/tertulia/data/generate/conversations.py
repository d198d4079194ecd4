"""Example conversations that are made anew each time they are asked for, so that none are kept."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from msgspec.structs import replace

from tertulia.data.generate.training_tracker import TrainingTracker
from tertulia.data.stories.model import StoryData


class Make(Protocol):
    """Makes conversations of stories and rules: `generate` with everything else decided."""

    def __call__(self, data: StoryData, *, augmentation: int) -> Iterator[TrainingTracker]:
        """Yield the conversations."""
        ...


class Conversations:
    """What stories and rules describe. Going through it again makes equal conversations again.

    Only one conversation at a time is in memory, and those of rules, which are few.
    """

    def __init__(self, data: StoryData, augmentation: int, make: Make) -> None:
        self._stories = replace(data, rules=())
        self._rules = replace(data, stories=())
        self._augmentation = augmentation
        self._make = make
        self._kept: Sequence[TrainingTracker] | None = None

    def __iter__(self) -> Iterator[TrainingTracker]:
        """Yield the conversations of stories, glued ones last, then those of rules."""
        yield from self.stories(augmented=True)
        yield from self.rules()

    def stories(self, *, augmented: bool) -> Iterator[TrainingTracker]:
        """Yield the conversations of stories. augmented: also those glued together."""
        return self._make(self._stories, augmentation=self._augmentation if augmented else 0)

    def rules(self) -> Sequence[TrainingTracker]:
        """Return the conversations of rules."""
        if self._kept is None:
            self._kept = list(self._make(self._rules, augmentation=0))
        return self._kept
