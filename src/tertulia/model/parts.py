"""Trained components to entries of a model and back.

Rule: what a component calls its parts is text inside an entry, never a name of one.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from tertulia.base.errors import ModelError
from tertulia.ml.parts import Parts
from tertulia.ml.safetensors import read_arrays, write_arrays
from tertulia.model.content import Content

Section = Literal["nlu", "policies"]

_META = "meta.json"
_ARRAYS = "arrays.safetensors"


class _Meta(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`meta.json`: what the part is called, its JSON data, and the names of its blobs."""

    key: str
    meta: dict[str, Any]
    blobs: list[str] = []


def to_entries(section: Section, parts: Mapping[str, Parts]) -> dict[str, bytes]:
    """Return the entries for the parts of a pipeline or of an ensemble, numbered in their order.

    The same parts give the same bytes.
    """
    entries: dict[str, bytes] = {}
    for number, (key, part) in enumerate(parts.items()):
        folder = f"{section}/{number}"
        meta = _Meta(key=key, meta=part.meta, blobs=sorted(part.blobs))
        # The order of keys is kept: to a component, the order of a vocabulary may mean something.
        entries[f"{folder}/{_META}"] = msgspec.json.encode(meta)
        if part.arrays:
            entries[f"{folder}/{_ARRAYS}"] = write_arrays(part.arrays)
        for position, name in enumerate(sorted(part.blobs)):
            entries[f"{folder}/blobs/{position}.bin"] = part.blobs[name]
    return entries


def from_entries(content: Content, section: Section) -> dict[str, Parts]:
    """Return the parts that `to_entries` wrote, in the same order; none when there are none.

    Raises:
        ModelError: an entry is missing or cannot be read.
    """
    parts: dict[str, Parts] = {}
    number = 0
    while f"{section}/{number}/{_META}" in content.entries:
        folder = f"{section}/{number}"
        try:
            meta = msgspec.json.decode(content.entries[f"{folder}/{_META}"], type=_Meta)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _damaged(f"'{folder}/{_META}' cannot be read: {error}") from error
        if meta.key in parts:
            raise _damaged(f"the part '{meta.key}' is there twice")
        arrays = content.entries.get(f"{folder}/{_ARRAYS}")
        parts[meta.key] = Parts(
            meta=meta.meta,
            arrays={} if arrays is None else read_arrays(arrays),
            blobs={
                name: _blob(content, f"{folder}/blobs/{position}.bin")
                for position, name in enumerate(meta.blobs)
            },
        )
        number += 1
    return parts


def _blob(content: Content, name: str) -> bytes:
    if name not in content.entries:
        raise _damaged(f"'{name}' is missing")
    return content.entries[name]


def _damaged(what: str) -> ModelError:
    return ModelError(
        f"the model is damaged: {what}",
        hint="Copy the model again, or train a new one.",
        code="T411",
    )
