"""Packets of Engine.IO 3 and 4, and those of Socket.IO that travel in them. Text alone.

Source: the protocol documents of Engine.IO (revisions 3 and 4) and Socket.IO (revisions 4 and 5).
"""

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

Json = Any
Version = Literal[3, 4]
"""Of Engine.IO: 3 carries revision 4 of Socket.IO (clients up to 2.x), 4 carries revision 5."""

OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
"""First character of a packet of Engine.IO."""

CONNECT, DISCONNECT, EVENT, ACK, REFUSE = "01234"
"""First character of a packet of Socket.IO, which is the rest of a MESSAGE."""

PROBE = "probe"
ROOT = "/"

MOST_PACKETS = 1000
"""That one request may bring."""

_SEPARATOR = "\x1e"
_LONGEST_NUMBER = 15
_KINDS = frozenset((CONNECT, DISCONNECT, EVENT, ACK, REFUSE))
_encode = msgspec.json.Encoder().encode


class Malformed(Exception):
    """What came is no packet of this protocol."""


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """A packet of Socket.IO.

    kind: one of the five above. namespace: without its query. query: what an old client adds to
    the namespace when it connects. number: of the acknowledgement that is asked for. data: JSON,
    unread; empty for none.
    """

    kind: str
    namespace: str = ROOT
    query: str = ""
    number: int | None = None
    data: str = ""


def join(packets: Sequence[str], version: Version) -> str:
    """Return the body of one answer that carries these packets of Engine.IO."""
    if version == 4:
        return _SEPARATOR.join(packets)
    return "".join(f"{len(_units(packet)) // 2}:{packet}" for packet in packets)


def split(body: str, version: Version) -> list[str]:
    """Return the packets of Engine.IO of one request.

    Raises:
        Malformed: it is none, or has too many.
    """
    found = body.split(_SEPARATOR, MOST_PACKETS) if version == 4 else _split_by_length(body)
    if len(found) > MOST_PACKETS or not all(found):
        raise Malformed
    return found


def _split_by_length(body: str) -> list[str]:
    """Clients count as JavaScript does: in units of UTF-16."""
    units, at = _units(body), 0
    found: list[str] = []
    while at < len(units) and len(found) <= MOST_PACKETS:
        colon = units.find(b":\0", at, at + 18)
        digits = units[at:colon].decode("utf-16-le", "replace") if colon >= 0 else ""
        if colon % 2 or not (digits.isascii() and digits.isdigit()):
            raise Malformed
        begin = colon + 2
        at = begin + 2 * int(digits)
        if at > len(units):
            raise Malformed
        try:
            found.append(units[begin:at].decode("utf-16-le"))
        except UnicodeDecodeError as error:  # cut in the middle of a character
            raise Malformed from error
    return found


def _units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def read(text: str) -> Packet:
    """Return the packet of Socket.IO that a MESSAGE carries.

    Raises:
        Malformed: it is none; binary ones do not occur on this channel.
    """
    kind, rest = text[:1], text[1:]
    if kind not in _KINDS or not kind:
        raise Malformed
    namespace, query = ROOT, ""
    if rest.startswith("/"):
        named, _, rest = rest.partition(",")
        namespace, _, query = named.partition("?")
    data = rest.lstrip("0123456789")
    digits = rest[: len(rest) - len(data)]
    if len(digits) > _LONGEST_NUMBER or not digits.isascii():
        raise Malformed
    number = int(digits) if digits else None
    return Packet(kind=kind, namespace=namespace, query=query, number=number, data=data)


def write(kind: str, namespace: str, data: Json = msgspec.UNSET, number: int | None = None) -> str:
    """Return a packet of Socket.IO within a MESSAGE. data: JSON; number: of an acknowledgement."""
    place = "" if namespace == ROOT else f"{namespace},"
    asked = "" if number is None else str(number)
    body = "" if data is msgspec.UNSET else _encode(data).decode()
    return f"{MESSAGE}{kind}{place}{asked}{body}"
