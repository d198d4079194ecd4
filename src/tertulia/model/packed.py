"""A model as it travels: from a disk, an upload or a model server to where it is served.

Rule: what is served is kept in this form too, so that a rollback depends on no file that may have
been replaced meanwhile, and other processes can be given the same model.
"""

from pathlib import Path

import msgspec

from tertulia.model.archive import model_bytes, read_file, read_model, read_model_bytes
from tertulia.model.content import Content, Limits
from tertulia.model.load import Model, load_model


class Packed(msgspec.Struct, frozen=True):
    """A model that was not opened yet. name: of its file, as people know it. data: its bytes."""

    name: str
    data: bytes

    def __repr__(self) -> str:
        """Return the name and the size; the bytes would fill the log."""
        return f"Packed({self.name!r}, {len(self.data)} bytes)"


def pack(path: Path) -> Packed:
    """Return the model at `path`, a file (which is not looked into yet) or a folder.

    Raises:
        ModelError: there is none, it is too large, or its folder is damaged or hostile.
    """
    if path.is_dir():
        return pack_content(read_model(path), path.name)
    return Packed(path.name, read_file(path, Limits()))


def pack_content(content: Content, name: str) -> Packed:
    """Return a model that is already in memory."""
    # Weights are stored as they are: a zip is packed and opened several times faster.
    return Packed(name, model_bytes(content, "zip"))


def unpack(packed: Packed, *, limits: Limits | None = None) -> Model:
    """Return the model, ready to run.

    Raises:
        ModelError: it is damaged, hostile, or made by something else.
        ComponentError: it needs a component that is not installed.
    """
    return load_model(read_model_bytes(packed.data, limits=limits), name=packed.name)
