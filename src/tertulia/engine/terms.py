"""On which terms a request changes a conversation: which version it has seen, and only once."""

from collections.abc import Callable, Sequence

import msgspec

from tertulia.base.errors import RequestError
from tertulia.core.events import BotUttered
from tertulia.core.ports import Receipt

WRONG_VERSION = "T840"
KEY_REUSED = "T841"
CUT_OFF = "T842"


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """A request that shall be carried out once, however often it is sent.

    key: the client's name for it. digest: of what it asks for. answer: turns what the bot said
    into what is kept to answer again.
    """

    key: str
    digest: str
    answer: Callable[[Sequence[BotUttered]], bytes]


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What the version of a conversation has to be. versions: one of these, or any above 0."""

    versions: frozenset[int] = frozenset()
    any: bool = False

    def check(self, version: int) -> None:
        """Pass, or raise.

        Raises:
            RequestError: somebody else has changed the conversation.
        """
        if version not in self.versions and not (self.any and version):
            raise wrong_version(version)


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """None: no such demand."""

    expected: Expected | None = None
    once: Once | None = None


NO_TERMS = Terms()


class AlreadyDone(Exception):
    """The request was carried out before; receipt: what is needed to answer it again."""

    def __init__(self, receipt: Receipt) -> None:
        super().__init__("the request was carried out before")
        self.receipt = receipt


def check_receipt(receipt: Receipt | None, once: Once) -> None:
    """Pass when a request is new.

    Raises:
        AlreadyDone: it was carried out.
        RequestError: its key was used for another request, or it was begun and cut off.
    """
    if receipt is None:
        return
    if receipt.digest != once.digest:
        raise RequestError(
            "the idempotency key was used for another request of this conversation",
            hint="Give each request a key of its own.",
            code=KEY_REUSED,
        )
    if not receipt.done:
        raise RequestError(
            "the request with this idempotency key was begun and cut off; it is not done again",
            hint=f"What it did is in the log, up to event {receipt.version}.",
            code=CUT_OFF,
        )
    raise AlreadyDone(receipt)


def wrong_version(version: int) -> RequestError:
    """Return what to raise when the conversation is not what the client has seen."""
    return RequestError(
        f"the conversation is at version {version}, which is not what If-Match asks for",
        hint="Get the tracker, look at what is new, and send the change with its ETag.",
        code=WRONG_VERSION,
    )
