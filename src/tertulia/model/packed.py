"""A model as it travels: from a disk, an upload or a model server to where it is served.

Rule: what is served is kept in this form too, so that a rollback depends on no file that may have
been replaced meanwhile, and other processes can be given the same model.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from tertulia.base.errors import ModelError
from tertulia.model.archive import model_bytes, read_file, read_model, read_model_bytes
from tertulia.model.combine import combine
from tertulia.model.content import Content, Limits
from tertulia.model.load import Model, load_model

_USUAL_NAME = "model.tar.gz"
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.@+-]{0,127}", re.ASCII)


class Packed(msgspec.Struct, frozen=True):
    """A model that was not opened yet. name: of its file, as people know it. data: its bytes.

    tag: what a model server calls it, None for a model from elsewhere.
    """

    name: str
    data: bytes
    tag: str | None = None

    def __repr__(self) -> str:
        """Return the name and the size; the bytes would fill the log."""
        return f"Packed({self.name!r}, {len(self.data)} bytes)"


def digest_of(packed: Packed) -> str:
    """Return the SHA-256 of a model's bytes, 64 hexadecimal digits."""
    return sha256(packed.data).hexdigest()


class Pulled(msgspec.Struct, frozen=True):
    """A model from a model server, with the tag by which the server knows it again."""

    packed: Packed
    tag: str


def plain_name(sent: str | None) -> str:
    """Return what to call a model that another machine named: a plain file name, or the usual one.

    It is only shown; no file is ever written or read under it.
    """
    last = re.split(r"[/\\]", sent or "")[-1]
    return last if _PLAIN_NAME.fullmatch(last) else _USUAL_NAME


def pack(path: Path) -> Packed:
    """Return the model at `path`, a file (which is not looked into yet) or a folder.

    Raises:
        ModelError: there is none, it is too large, or its folder is damaged or hostile.
    """
    if path.is_dir():
        return pack_content(read_model(path), path.name)
    return Packed(path.name, read_file(path, Limits()))


def find_packed(roots: Sequence[Path], name: str, digest: str) -> Packed:
    """Return the model of this name that lies in one of the folders and has these bytes.

    name: another machine's word, so only a plain file name is looked for, and no link that leads
    out of a folder is followed.

    Raises:
        ModelError: it is in none of them, or is another one (T402).
    """
    others: list[str] = []
    for root in roots if _PLAIN_NAME.fullmatch(name) else ():
        path = (root / name).resolve()
        if not path.is_relative_to(root.resolve()) or not path.exists():
            continue
        packed = pack(path)
        if digest_of(packed) == digest:
            return packed
        others.append(f"'{path}' has another content")
    shown = ", ".join(f"'{root}'" for root in roots) or "no folder"
    raise ModelError(
        "; ".join(others) or f"'{plain_name(name)}' is not in {shown}",
        hint="Copy the model there, the same file on every server, or decide for another one.",
        code="T402",
    )


def pack_content(content: Content, name: str) -> Packed:
    """Return a model that is already in memory."""
    # Weights are stored as they are: a zip is packed and opened several times faster.
    return Packed(name, model_bytes(content, "zip"))


def unpack(packed: Packed, *, beside: Packed | None = None) -> Model:
    """Return the model, ready to run.

    beside: of 0.x, the model that understands, for one that only decides.

    Raises:
        ModelError: it is damaged, hostile, or made by something else.
        ComponentError: it needs a component that is not installed.
    """
    content = read_model_bytes(packed.data)
    if beside is not None and "nlu" not in content.manifest.kinds:
        content = combine(content, read_model_bytes(beside.data))
    return load_model(content, name=packed.name)
