"""Headers that set terms: `If-Match`, `If-None-Match`, `Idempotency-Key`; and `ETag`.

Source: RFC 9110 sections 8.8.3, 13.1 and 13.2; draft-ietf-httpapi-idempotency-key-header-07.
"""

import re
from collections.abc import Callable, Coroutine, Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec

from tertulia.adapters.channels.collector import Message, render
from tertulia.base.errors import RequestError
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered
from tertulia.engine.assistant import Assistant
from tertulia.engine.operations import View
from tertulia.engine.terms import AlreadyDone, Expected, Once, Terms
from tertulia.server.body import AnyRequest
from tertulia.server.errors import WRONG_PARAMETER
from tertulia.server.served import Served

Json = Any

REPLAYED: Mapping[str, str] = {"Idempotency-Replayed": "true"}
"""Header of an answer that was given before."""

LONGEST_KEY = 255
KEY_HINT = f"give 1 to {LONGEST_KEY} visible ASCII characters, such as a UUID"

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_KEY = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_KEY}}}")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[dict[str, Json]]).decode

Keep = Callable[[Sequence[BotUttered]], bytes]


def nothing_said(said: Sequence[BotUttered]) -> bytes:
    """Keep nothing of what was said: the answer does not have it."""
    return b""


def messages_of(recipient_id: str, generation: Generation) -> Keep:
    """Return what keeps the messages that the answer had."""

    def keep(said: Sequence[BotUttered]) -> bytes:
        return _encode([m for each in said for m in render(each, recipient_id, generation)])

    return keep


def kept_messages(done: AlreadyDone) -> list[Message]:
    """Return the messages that `messages_of` kept."""
    return _decode(done.receipt.answer) if done.receipt.answer else []


class Outcome(NamedTuple):
    """What became of a turn: the conversation, headers of the answer, and whether it was done
    before.
    """

    view: View
    headers: dict[str, str]
    before: AlreadyDone | None = None


async def carry_out(
    served: Served, sender_id: str, assistant: Assistant, turn: Coroutine[Any, Any, View]
) -> Outcome:
    """Run a turn, or look back at it when its request was carried out before."""
    try:
        view = await served.turns.run(turn)
    except AlreadyDone as done:
        view = await served.service.operations.review(sender_id, assistant, done.receipt)
        return Outcome(view, {**REPLAYED, **etag(view.version, assistant)}, done)
    return Outcome(view, etag(view.version, assistant))


async def terms_of(request: AnyRequest, label: str, keep: Keep) -> Terms:
    """Return the terms of a request. label: of its route; keep: what to keep of its answer.

    Raises:
        RequestError: a header cannot be understood.
    """
    return Terms(expected=expected_of(request), once=await _once_of(request, label, keep))


async def once_only(request: AnyRequest, label: str, keep: Keep) -> Terms:
    """Return the terms of a request whose conversation stands in its body."""
    return Terms(once=await _once_of(request, label, keep))


def expected_of(request: AnyRequest) -> Expected | None:
    """Return which version the client has seen; None when it does not say.

    Raises:
        RequestError: a header cannot be understood.
    """
    wanted = request.headers.get("if-match")
    if wanted is not None:
        if wanted.strip() == "*":
            return Expected(any=True)
        tags = _TAG.findall(wanted)
        if not tags:
            raise _wrong("If-Match", "give the ETag of the tracker, in quotes, or *")
        return Expected(versions=frozenset(map(_version_of, tags)))
    if request.headers.get("if-none-match", "").strip() == "*":
        return Expected(versions=frozenset({0}))
    return None


def etag(version: int, assistant: Assistant) -> dict[str, str]:
    """Return the header that names what is shown: none for a conversation that is not stored."""
    return {"ETag": _tag(version, assistant)} if version else {}


def is_seen(request: AnyRequest, version: int, assistant: Assistant) -> bool:
    """Tell whether the client has what it would be shown."""
    seen = request.headers.get("if-none-match")
    if seen is None or not version:
        return False
    return _tag(version, assistant)[1:-1] in _TAG.findall(seen)


def _tag(version: int, assistant: Assistant) -> str:
    # A tracker is shown through the model's domain: another model may show another state.
    return f'"{version}.{assistant.model.manifest.model_id[:8]}"'


def _version_of(tag: str) -> int:
    """Return a tag's version; of one that is none of ours a version that nothing has."""
    number = tag.partition(".")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 20 else -1


async def _once_of(request: AnyRequest, label: str, keep: Keep) -> Once | None:
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    once = once_by(key, label, await request.body(), keep)
    if once is None:
        raise _wrong("Idempotency-Key", KEY_HINT)
    return once


def once_by(key: str, label: str, asked: bytes, keep: Keep) -> Once | None:
    """Return a request that is carried out once under a key; None if the key is none.

    label: what kind of request it is. asked: all that it says.
    """
    if _KEY.fullmatch(key) is None:
        return None
    digest = sha256(label.encode() + b"\0" + asked).hexdigest()
    return Once(key=key, digest=digest, answer=keep)


def _wrong(name: str, hint: str) -> RequestError:
    return RequestError(
        f"the header '{name}' cannot be understood",
        hint=f"{hint[0].upper()}{hint[1:]}.",
        parameter=name,
        where="header",
        code=WRONG_PARAMETER,
    )
