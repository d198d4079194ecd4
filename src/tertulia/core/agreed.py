"""Which model the servers that share a store were told to serve. Values and protocols only.

The record names a model and never says where it lies: each server looks in its own folders.
"""

from typing import Annotated, Protocol, runtime_checkable

import msgspec

from tertulia.core import stored


class NamedModel(msgspec.Struct, frozen=True):
    """A model by the name of its file and the SHA-256 of its bytes, 64 hexadecimal digits."""

    name: str
    digest: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided last. number: 1 for the first decision, 1 more for each later one.

    served: None for no model. previous: what a rollback would serve.
    """

    number: int
    served: NamedModel | None
    previous: NamedModel | None = None


class AgreedModel(Protocol):
    """The one decision that counts, durable."""

    async def read(self) -> Agreed | None:
        """Return it, None as long as nothing was decided.

        Raises:
            StoreUnavailable: the store did not answer, or what it keeps is damaged (T640).
        """
        ...

    async def write(self, agreed: Agreed) -> bool:
        """Put a decision in place of the one with the number before it.

        Return False when another number is there; nothing is changed then.

        Raises:
            StoreUnavailable: it is not known to be written.
        """
        ...


@runtime_checkable
class AgreeingStore(Protocol):
    """A tracker store whose servers agree on a model."""

    @property
    def agreed(self) -> AgreedModel:
        """Return what they agreed on."""
        ...


def pack_agreed(agreed: Agreed) -> str:
    """Return a decision as JSON."""
    return msgspec.json.encode(agreed).decode()


def unpack_agreed(body: str | bytes) -> Agreed:
    """Return the decision that `pack_agreed` made this of.

    Raises:
        StoreUnavailable: it is damaged (T640).
    """
    try:
        return msgspec.json.decode(body, type=Agreed)
    except msgspec.MsgspecError as error:
        raise stored.damaged(f"the record of the agreed model: {error}") from error
