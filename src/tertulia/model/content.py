"""Content: a model in memory, whatever it was packed in. Names, sizes and numbers have limits.

Rule: no name outside the small pattern below ever gets in, from our own writer included.
"""

import re
from collections.abc import Iterable, Mapping

import msgspec

from tertulia.base.errors import ModelError
from tertulia.model.manifest import Listed, Manifest, decode_manifest

MANIFEST = "manifest.json"

_NUMBER = r"(?:0|[1-9][0-9]{0,3})"
_NAME = re.compile(
    r"manifest\.json|domain\.json|config\.json|stories\.md"
    rf"|(?:nlu|policies)/{_NUMBER}/(?:meta\.json|arrays\.safetensors|blobs/{_NUMBER}\.bin)"
)
_FOLDER = re.compile(rf"(?:nlu|policies)(?:/{_NUMBER}(?:/blobs)?)?")
_LONGEST_SHOWN = 80
_COPY_AGAIN = "Copy the model again, or train a new one."


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a model may hold; checked while reading, before memory is taken.

    entries: how many. entry_bytes, total_bytes: unpacked. ratio: unpacked to packed, counted
    only above `free_bytes`, because a small file of zeros does no harm.
    """

    entries: int = 4_000
    entry_bytes: int = 1 << 30
    total_bytes: int = 2 << 30
    ratio: int = 50
    free_bytes: int = 128 << 20


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """A model: its facts, and its entries by name without the manifest itself.

    Entries are `domain.json`, `config.json`, `nlu/<n>/...` and `policies/<n>/...`: JSON, arrays in
    the safetensors format, and opaque bytes. Nothing in them runs.
    """

    manifest: Manifest
    entries: Mapping[str, bytes]

    def json(self, name: str) -> object:
        """Return a JSON entry as plain data.

        Raises:
            ModelError: the entry is missing or not JSON.
        """
        if name not in self.entries:
            raise ModelError(f"the model has no '{name}'", hint=_COPY_AGAIN, code="T408")
        try:
            return msgspec.json.decode(self.entries[name])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ModelError(
                f"'{name}' of the model cannot be read: {error}", hint=_COPY_AGAIN, code="T411"
            ) from error


class Collector:
    """Takes entries as they are read, and holds every one to the rules. One per model read.

    packed_bytes: size of the container, for the ratio; 0 where nothing is packed.
    """

    def __init__(self, limits: Limits, *, packed_bytes: int = 0) -> None:
        self._limits = limits
        self._total = limits.total_bytes
        if packed_bytes:
            self._total = min(self._total, max(limits.free_bytes, limits.ratio * packed_bytes))
        self._entries: dict[str, bytes] = {}
        self._left = self._total

    @property
    def most_bytes(self) -> int:
        """How many bytes all entries together may have."""
        return self._total

    def admit(self, name: str, size: int) -> int:
        """Return how many bytes may be read for the entry of this name and stated size.

        Raises:
            ModelError: the name, the number or the size breaks a rule.
        """
        if not is_entry_name(name):
            raise refused(name, "has a name that no model entry has")
        if name in self._entries:
            raise refused(name, "is there twice")
        if len(self._entries) >= self._limits.entries:
            raise _too_much(f"more than {self._limits.entries} entries")
        if size > self._limits.entry_bytes:
            raise _too_much(f"an entry of {size} bytes")
        if size > self._left:
            raise _too_much(f"more than {self._total} bytes when unpacked")
        return size

    def add(self, name: str, data: bytes) -> None:
        """Keep an admitted entry."""
        self._left -= len(data)
        self._entries[name] = data

    def content(self) -> Content:
        """Return the model, every entry verified against the manifest.

        Raises:
            ModelError: no manifest, a damaged one, or entries other than it lists.
        """
        entries = dict(self._entries)
        if MANIFEST not in entries:
            raise ModelError(
                f"this is no model: it holds no '{MANIFEST}'",
                hint="Name a model made by `tertulia train`.",
                code="T404",
            )
        manifest, listed = decode_manifest(entries.pop(MANIFEST))
        for name in entries:
            if name not in listed:
                raise refused(name, "is not in the manifest")
        for name, expected in listed.items():
            if name not in entries:
                raise ModelError(f"the model lacks its '{name}'", hint=_COPY_AGAIN, code="T408")
            if Listed.of(entries[name]) != expected:
                raise ModelError(
                    f"'{name}' of the model is damaged: its hash is another",
                    hint=_COPY_AGAIN,
                    code="T408",
                )
        return Content(manifest=manifest, entries={name: entries[name] for name in sorted(entries)})


def check_names(names: Iterable[str]) -> None:
    """Raise ValueError for a name that no reader would take."""
    for name in names:
        if name == MANIFEST or not is_entry_name(name):
            raise ValueError(f"'{name}' is no name of a model entry")


def is_entry_name(name: str) -> bool:
    """Whether an entry of a model may have this name, the manifest included."""
    return _NAME.fullmatch(name) is not None


def is_folder_name(name: str) -> bool:
    """Whether a folder inside a model may have this name."""
    return _FOLDER.fullmatch(name) is not None


def refused(name: str, why: str) -> ModelError:
    """Return the error for an entry that must not be there."""
    shown = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}..."
    return ModelError(
        f"the model is refused: the entry {shown!r} {why}",
        hint="Use only models from people you trust; train a new one.",
        code="T406",
    )


def damaged(what: str) -> ModelError:
    """Return the error for a container that cannot be read to its end."""
    return ModelError(f"the model file is damaged: {what}", hint=_COPY_AGAIN, code="T405")


def _too_much(what: str) -> ModelError:
    return ModelError(
        f"the model is refused: it holds {what}",
        hint="If it is yours, raise the limits of model reading; otherwise do not use it.",
        code="T407",
    )
