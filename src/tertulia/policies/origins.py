"""Where what a policy knows was learned: story or rule, file and line; for explanations only.

Rule: names and files are kept once and by number, so a table costs a few bytes per lesson; paths
stay as the person gave them, and never begin at a root.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from tertulia.base.errors import ModelError
from tertulia.core.prediction import Reason
from tertulia.data.generate import TrainingEvent
from tertulia.data.source_files import without_root
from tertulia.policies.state_book import listed

Json = Any
K = TypeVar("K", bound=Hashable)


class Origin(msgspec.Struct, frozen=True):
    """The first place that teaches something, and how many places do. line: 0 is unknown."""

    name: str
    file: str = ""
    line: int = 0
    places: int = 1

    def reason(self, kind: str) -> Reason:
        """Return the place as the reason for a choice."""
        found: Reason = {"by": kind, "name": self.name}
        if self.file:
            found["at"] = f"{self.file}:{self.line}" if self.line else self.file
        if self.places > 1:
            found["places"] = self.places
        return found


class _Row(msgspec.Struct, frozen=True, array_like=True):
    name: int
    file: int
    line: int
    places: int


class _Table(msgspec.Struct, frozen=True):
    names: list[str] = []
    files: list[str] = []
    rows: list[_Row | None] = []


class Origins(Generic[K]):
    """Notes while learning which places teach a key. files: shown path by the path as read."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files
        self._places: dict[K, dict[tuple[str, str, int], None]] = {}

    def note(self, key: K, placed: TrainingEvent) -> None:
        """Take note of one more place."""
        at = placed.at
        file = "" if at is None else self._files.get(at.file) or without_root(at.file)
        place = (placed.story, file, 0 if at is None else at.line)
        self._places.setdefault(key, {})[place] = None

    def of(self, keys: Iterable[K]) -> dict[K, Origin]:
        """Return the origins of those keys that have one."""
        found: dict[K, Origin] = {}
        for key in keys:
            places = self._places.get(key)
            if places:
                found[key] = Origin(*next(iter(places)), len(places))
        return found


def pack_origins(origins: Iterable[Origin | None]) -> Json:
    """Return JSON that `unpack_origins` reads."""
    names: dict[str, int] = {}
    files: dict[str, int] = {}
    rows = list(_rows(origins, names, files))
    return msgspec.to_builtins(_Table(list(names), list(files), rows))


def written_origins(origins: Iterable[Origin | None]) -> bytes:
    """Return what `pack_origins` does as text, without keeping the origins."""
    names: dict[str, int] = {}
    files: dict[str, int] = {}
    rows = [*listed(_rows(origins, names, files))]
    head = msgspec.json.encode({"names": list(names), "files": list(files)})
    return b"".join([head[:-1], b',"rows":', *rows, b"}"])


def _rows(
    origins: Iterable[Origin | None], names: dict[str, int], files: dict[str, int]
) -> Iterator[_Row | None]:
    for one in origins:
        if one is None:
            yield None
            continue
        name = names.setdefault(one.name, len(names))
        file = files.setdefault(one.file, len(files))
        yield _Row(name, file, one.line, one.places)


def unpack_origins(raw: Json, keys: Iterable[K]) -> dict[K, Origin]:
    """Return the origins that were packed, by the keys in the order of packing.

    Nothing packed, as in models of before, is no origin for any key.

    Raises:
        ModelError: this is no such JSON, or not for these keys.
    """
    if raw is None:
        return {}
    try:
        table = msgspec.convert(raw, _Table)
        names, files = dict(enumerate(table.names)), dict(enumerate(table.files))
        return {
            key: Origin(names[row.name], files[row.file], row.line, row.places)
            for key, row in zip(keys, table.rows, strict=True)
            if row is not None
        }
    except (ValueError, KeyError) as error:
        raise ModelError(
            f"the places that a policy learned from are damaged: {error}",
            hint="Train the model again.",
            code="T420",
        ) from error
