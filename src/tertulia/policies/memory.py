"""What a memorising policy knows: actions by the states before them, and where they are taught.

Rule: what was just learned stays numbers until somebody asks, for most memories are only stored.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from tertulia.base.errors import ModelError
from tertulia.core.states import TurnState, as_json
from tertulia.data.source_files import without_root
from tertulia.ml.sparse import IntArray
from tertulia.ml.windows import each_of, followed, origins_of
from tertulia.policies.origins import Origin, pack_origins, unpack_origins, written_origins
from tertulia.policies.state_book import listed, pack, texts, unpack
from tertulia.policies.story_moments import StoryMoments

Json = Any
States = tuple[TurnState, ...]


class Memory:
    """What is done after which states. Immutable."""

    def __init__(self, actions: Mapping[States, str], origins: Mapping[States, Origin]) -> None:
        self._known: tuple[Mapping[States, str], Mapping[States, Origin]] | None = actions, origins
        self._make: Callable[[], Mapping[str, Json]] | None = None

    @classmethod
    def learned(cls, make: Callable[[], Mapping[str, Json]]) -> "Memory":
        """Return the memory whose JSON is made when somebody asks."""
        found = cls({}, {})
        found._known, found._make = None, make
        return found

    @classmethod
    def from_meta(cls, meta: Mapping[str, Json]) -> "Memory":
        """Return the memory of a model.

        Raises:
            ModelError: it is damaged.
        """
        return cls(*_unpacked(meta))

    def meta(self) -> dict[str, Json]:
        """Return the memory as JSON."""
        if self._make is not None:
            return dict(self._make())
        actions, origins = self._all()
        return {
            "memory": pack(actions),
            "actions": list(actions.values()),
            "origins": pack_origins(origins.get(states) for states in actions),
        }

    @property
    def longest(self) -> int:
        """Return the number of states in the longest key. Cost: the number of keys."""
        return max((len(states) for states in self._all()[0]), default=1)

    def action(self, states: States) -> str | None:
        """Return what is done after these states, None when no story has them."""
        return self._all()[0].get(states)

    def origin(self, states: States) -> Origin | None:
        """Return where that is taught, as far as it is known."""
        return self._all()[1].get(states)

    def taught(self, new: Mapping[States, str]) -> "Memory":
        """Return a memory in which these actions count before those known."""
        actions, origins = self._all()
        kept = {states: origin for states, origin in origins.items() if states not in new}
        return Memory({**actions, **new}, kept)

    def _all(self) -> tuple[Mapping[States, str], Mapping[States, Origin]]:
        if self._known is None:
            self._known, self._make = _unpacked(self._make() if self._make else {}), None
        return self._known


def learned_memory(
    moments: StoryMoments, n: int | None, *, augmented: bool, files: Mapping[str, str]
) -> Memory:
    """Return what stories always do after the same n states (None: all).

    augmented: glued stories count, too. files: shown path by the path as read.
    """
    return Memory.learned(partial(_written, moments, n, augmented, files))


def _written(
    moments: StoryMoments, n: int | None, augmented: bool, files: Mapping[str, str]
) -> dict[str, Json]:
    shown = [
        (name, "" if file is None else files.get(file) or without_root(file))
        for name, file in moments.sources
    ]
    number = {place: index for index, place in enumerate(dict.fromkeys(shown))}
    examples = moments.examples(n, augmented=augmented)
    origins = origins_of(*moments.origins, [number[place] for place in shown], examples.places)
    first, times = followed(examples, origins)
    begins, places = examples.begins[first], examples.places[first]
    first_places = (
        Origin(*shown[source], line, count)
        for (source, line), count in zip(
            map(moments.origin, each_of(places)), each_of(times), strict=True
        )
    )
    actions = (moments.actions[label] for label in each_of(examples.labels[first]))
    return {
        "memory": msgspec.Raw(_book(moments, begins, places)),
        "actions": msgspec.Raw(b"".join(listed(actions))),
        "origins": msgspec.Raw(written_origins(first_places)),
    }


def _book(moments: StoryMoments, begins: IntArray, places: IntArray) -> bytes:
    """Return as JSON what `pack` makes of the windows."""
    numbers: dict[int, int] = {}
    lists = [
        *listed(
            [numbers.setdefault(state, len(numbers)) for state in moments.window(begin, place + 1)]
            for begin, place in zip(each_of(begins), each_of(places), strict=True)
        )
    ]
    states = msgspec.json.encode([as_json(moments.states[number]) for number in numbers])
    return b"".join([b'{"states":', states, b',"lists":', *lists, b"}"])


def _unpacked(
    meta: Mapping[str, Json],
) -> tuple[Mapping[States, str], Mapping[States, Origin]]:
    plain = {name: _plain(value) for name, value in meta.items()}
    keys, actions = unpack(plain.get("memory")), texts(plain.get("actions"))
    if len(keys) != len(actions):
        raise ModelError(
            "a memory has not as many actions as keys", hint="Train the model again.", code="T420"
        )
    return dict(zip(keys, actions, strict=True)), unpack_origins(plain.get("origins"), keys)


def _plain(value: Json) -> Json:
    return msgspec.json.decode(value) if isinstance(value, msgspec.Raw) else value
