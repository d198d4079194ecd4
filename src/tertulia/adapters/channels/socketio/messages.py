"""What users send over Socket.IO, and what the bot says there, in the form of each generation.

Source: spec channels.md sections 2 and 5.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec

from tertulia.base.errors import RequestError
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered

Json = Any
Payload = Json
"""What one event carries to the client."""

SESSION_REQUEST = "session_request"
SESSION_CONFIRM = "session_confirm"
KEY = "idempotency_key"
"""Of a message: the client's name for it, so that it is not taken twice. Not of the originals."""

WRONG_MESSAGE = "T885"
NO_TEXT = "T817"
_PART_BREAK = "\n\n"


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A user's message. session_id: as the client says, None when it does not."""

    text: str
    session_id: str | None
    metadata: dict[str, Json]
    key: str | None


def read_message(data: Json, metadata_key: str, decode: Callable[[bytes], Json]) -> Said:
    """Return what a user says. decode: reads metadata that is written as text.

    Raises:
        RequestError: there is no text, or something else is not what it should be; or by `decode`.
    """
    fields = _object(data)
    text = fields.get("message")
    if not isinstance(text, str):
        raise RequestError("a message has no text in 'message'", code=NO_TEXT)
    key = fields.get(KEY)
    if key is not None and not isinstance(key, str):
        raise _wrong(f"'{KEY}' must be text")
    return Said(
        text=text,
        session_id=session_of(fields),
        metadata=_metadata(fields.get(metadata_key), metadata_key, decode),
        key=key,
    )


def session_of(data: Json) -> str | None:
    """Return the session that a client names, None when it names none.

    Raises:
        RequestError: it is no text.
    """
    given = _object(data).get("session_id")
    if given is None or given == "":
        return None
    if isinstance(given, int) and not isinstance(given, bool):
        return str(given)
    if not isinstance(given, str):
        raise _wrong("'session_id' must be text")
    return given


def _object(data: Json) -> Mapping[str, Json]:
    if data is None:
        return {}
    if not isinstance(data, Mapping):
        raise _wrong("the event must carry an object")
    return cast(Mapping[str, Json], data)


def _metadata(given: Json, name: str, decode: Callable[[bytes], Json]) -> dict[str, Json]:
    if isinstance(given, str) and given:
        given = decode(given.encode())
    if not given:
        return {}
    if not isinstance(given, dict):
        raise _wrong(f"'{name}' must be an object")
    return cast(dict[str, Json], given)


def _wrong(message: str) -> RequestError:
    return RequestError(message, code=WRONG_MESSAGE)


class Spoken(msgspec.Struct, frozen=True):
    """One event to a client. room: where to, when the bot's own JSON says so."""

    payload: Payload
    room: str | None = None


def render(said: BotUttered, generation: Generation) -> Iterator[Spoken]:
    """Yield the events that one utterance makes."""
    if generation is Generation.LEGACY:
        yield from map(Spoken, _legacy(said))
    else:
        yield from _modern(said)


def _legacy(said: BotUttered) -> Iterator[Payload]:
    content = said.content if said.content is not None else _from_data(said)
    text, buttons = content.get("text"), content.get("buttons")
    if content.get("elements"):
        yield _card(content["elements"][0])
    elif buttons:
        yield {"text": text, "quick_replies": _replies(buttons)}
    elif text:
        yield {"text": text}
    if content.get("image"):
        yield _image(content["image"])
    if content.get("attachment"):
        yield {"attachment": content["attachment"]}


def _from_data(said: BotUttered) -> dict[str, Json]:
    data = said.data or {}
    return {**data, "text": said.text, "image": data.get("attachment"), "attachment": None}


def _modern(said: BotUttered) -> Iterator[Spoken]:
    data = said.data or {}
    yield from map(
        Spoken, _texts(said.text or "", data.get("quick_replies") or data.get("buttons"))
    )
    if data.get("custom"):
        yield _custom(data["custom"])
    yield from map(Spoken, _attached(data))


def _texts(text: str, buttons: Iterable[Json] | None) -> Iterator[Payload]:
    """Yield the parts of a text; buttons stand below the last one."""
    parts = text.strip().split(_PART_BREAK)
    if buttons:
        *before, last = parts
        yield from ({"text": part, "quick_replies": []} for part in before)
        yield {"text": last, "quick_replies": _replies(buttons)}
    elif text:
        yield from ({"text": part} for part in parts)


def _attached(data: Mapping[str, Json]) -> Iterator[Payload]:
    image, attachment = data.get("image"), data.get("attachment")
    if image:
        yield _image(image)
    if attachment and attachment != image:
        yield {"attachment": attachment}
    yield from map(_card, data.get("elements") or ())


def _custom(given: Json) -> Spoken:
    """The originals take `data` and `room` for arguments; without `data` they fail."""
    if not isinstance(given, dict) or "data" not in given:
        return Spoken(given)
    fields = cast(dict[str, Json], given)
    room = fields.get("room")
    return Spoken(fields["data"], room if isinstance(room, str) else None)


def _replies(buttons: Iterable[Json]) -> list[dict[str, Json]]:
    known = (cast(dict[str, Json], each) for each in buttons if isinstance(each, dict))
    return [
        {"content_type": "text", "title": each.get("title"), "payload": each.get("payload")}
        for each in known
    ]


def _image(source: Json) -> dict[str, Json]:
    return {"attachment": {"type": "image", "payload": {"src": source}}}


def _card(element: Json) -> dict[str, Json]:
    payload = {"template_type": "generic", "elements": element}
    return {"attachment": {"type": "template", "payload": payload}}
