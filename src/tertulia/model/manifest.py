"""Manifest: what a model says about itself, and the hash of everything that belongs to it.

Rule: a manifest is believed only after its own checksum, and an entry only after its hash.
"""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec

from tertulia.base.errors import ModelError

FORMAT = "tertulia-model"
FORMAT_VERSION = 1
"""Raised when a reader of this version could not read what a newer one writes."""

Kind = Literal["core", "nlu"]

_Hash = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_RETRAIN = "Train it again with `tertulia train`."
_COPY_AGAIN = "Copy the model again, or train a new one."


class Manifest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The facts about a model.

    product: version of the program that trained. model_id: 32 hexadecimal digits. created: ISO
    8601, UTC. kinds: what was trained. generation: whose mechanics the core part follows;
    nlu_generation: whose mechanics the pipeline follows. fingerprints: of what went in, by part.
    """

    product: str
    model_id: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    created: str
    generation: Literal["legacy", "modern"]
    nlu_generation: Literal["legacy", "modern"] | None = None
    kinds: tuple[Kind, ...]
    assistant_id: str
    language: str | None = None
    fingerprints: dict[str, str] = {}


class Listed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the manifest says about one entry. size: bytes. sha256: hexadecimal."""

    size: Annotated[int, msgspec.Meta(ge=0)]
    sha256: _Hash

    @classmethod
    def of(cls, data: bytes) -> "Listed":
        """Return what there is to say about these bytes."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


class _Head(msgspec.Struct, frozen=True):
    """The two fields that every version has."""

    format: str
    format_version: int


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`manifest.json` as it is written. checksum: of the file with an empty checksum."""

    format: str = FORMAT
    format_version: int = FORMAT_VERSION
    model: Manifest
    entries: dict[str, Listed]
    checksum: str = ""


def encode_manifest(manifest: Manifest, entries: Mapping[str, bytes]) -> bytes:
    """Return `manifest.json`; the same facts and entries give the same bytes."""
    listed = {name: Listed.of(entries[name]) for name in sorted(entries)}
    file = _File(model=manifest, entries=listed)
    return _text(msgspec.structs.replace(file, checksum=_checksum(file))) + b"\n"


def decode_manifest(data: bytes) -> tuple[Manifest, dict[str, Listed]]:
    """Return the facts, and by name what belongs to the model.

    Raises:
        ModelError: this is no manifest of ours, one of a newer format, or a damaged one.
    """
    try:
        head = msgspec.json.decode(data, type=_Head)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    if head.format != FORMAT:
        raise ModelError(f"this is a '{head.format}', not a '{FORMAT}'", hint=_RETRAIN, code="T404")
    if head.format_version != FORMAT_VERSION:
        newer = head.format_version > FORMAT_VERSION
        raise ModelError(
            f"the model has format version {head.format_version}; "
            f"this program reads {FORMAT_VERSION}",
            hint="Upgrade tertulia, or train the model again with this version."
            if newer
            else _RETRAIN,
            code="T415",
        )
    try:
        file = msgspec.json.decode(data, type=_File)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _unreadable(str(error)) from error
    if file.checksum != _checksum(file):
        raise _unreadable("its checksum is wrong")
    return file.model, file.entries


def _checksum(file: _File) -> str:
    return hashlib.sha256(_text(msgspec.structs.replace(file, checksum=""))).hexdigest()


def _text(file: _File) -> bytes:
    return msgspec.json.format(msgspec.json.encode(file, order="deterministic"), indent=1)


def _unreadable(why: str) -> ModelError:
    return ModelError(f"the manifest of the model is damaged: {why}", hint=_COPY_AGAIN, code="T409")
