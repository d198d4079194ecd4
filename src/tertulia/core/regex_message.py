"""Messages that state their intent: `/book@0.9{"city": "Rome"}`. Pure; notes instead of logs.

Stories use the same syntax for what a user says.

Source: spec nlu.md section 9.
"""

import re
from collections.abc import Collection
from typing import Any, cast

import msgspec

from tertulia.core.understanding import NOTHING_UNDERSTOOD, RankedIntent, Understanding

Json = Any

PREFIX = "/"
EXTRACTOR = "RegexMessageHandler"

_LEGACY = re.compile(r"/?([^{@]+)(@[0-9.]+)?(\{.+)?")
_MODERN = re.compile(r"/(?P<name>[^{@]+)(?P<confidence>@[0-9.]+)?(?P<entities>\{.+\})?(?P<rest>.*)")


class RegexMessage(msgspec.Struct, frozen=True, kw_only=True):
    """What a message states about itself.

    text: the message as it is passed on. intent: None when nothing could be read. confidence:
    0.x does not cap it. entities: wire objects in the order written. notes: what was odd, one
    sentence each, without message text.
    """

    text: str
    intent: str | None
    confidence: float
    entities: tuple[dict[str, Json], ...] = ()
    notes: tuple[str, ...] = ()

    def understanding(self) -> Understanding:
        """Return the same as the result of NLU; the ranking holds this one intent."""
        if self.intent is None:
            return Understanding(text=self.text, intent=NOTHING_UNDERSTOOD, intent_ranking=())
        intent = RankedIntent(self.intent, self.confidence)
        return Understanding(
            text=self.text, intent=intent, entities=self.entities, intent_ranking=(intent,)
        )


class NotAShortcut(msgspec.Struct, frozen=True):
    """The message is ordinary text. notes: why, when it starts like a shortcut."""

    notes: tuple[str, ...] = ()


def read_legacy(text: str) -> RegexMessage:
    """Return what a 0.x message states; the slash is optional, the intent is not checked.

    Entities have no `extractor`; start and end are the span of the JSON text.
    """
    shown = text if text.startswith(PREFIX) else PREFIX + text
    found = _LEGACY.match(text)
    if found is None:
        note = "the message states no intent"
        return RegexMessage(text=shown, intent=None, confidence=0.0, notes=(note,))
    notes: list[str] = []
    return RegexMessage(
        text=shown,
        intent=found[1].strip(),
        confidence=_confidence(found[2], notes),
        entities=tuple(_entities(found[3], found.start(3), {}, notes)),
        notes=tuple(notes),
    )


def read_modern(
    text: str,
    *,
    intents: Collection[str] | None = None,
    entities: Collection[str] | None = None,
) -> RegexMessage | NotAShortcut:
    """Return what a 2.x or 3.x message states, or NotAShortcut when NLU has to read it.

    intents, entities: names the domain knows; None when there is no domain, then nothing is
    checked. An unknown intent makes the message ordinary text, an unknown entity is dropped.
    """
    stripped = text.strip()
    if not stripped.startswith(PREFIX):
        return NotAShortcut()
    found = _MODERN.match(stripped)
    name = found["name"].strip() if found else ""
    if found is None or not name:
        return NotAShortcut(("the message starts with '/' but states no intent",))
    if intents is not None and name not in intents:
        return NotAShortcut(("the message states an intent that the domain does not have",))
    notes: list[str] = []
    confidence = _confidence(found["confidence"], notes)
    if confidence > 1.0:
        notes.append("the confidence is above 1, 1 is taken")
        confidence = 1.0
    stated = _entities(found["entities"], found.start("entities"), {"extractor": EXTRACTOR}, notes)
    known = stated if entities is None else _known(stated, entities)
    if len(known) < len(stated):
        notes.append("entities that the domain does not have are dropped")
    if found["rest"]:
        notes.append("the text after the intent and its entities is ignored")
    return RegexMessage(
        text=stripped,
        intent=name,
        confidence=confidence,
        entities=tuple(known),
        notes=tuple(notes),
    )


def _known(stated: list[dict[str, Json]], names: Collection[str]) -> list[dict[str, Json]]:
    return [entity for entity in stated if entity["entity"] in names]


def _confidence(written: str | None, notes: list[str]) -> float:
    if written is None:
        return 1.0
    try:
        return float(written[1:])
    except ValueError:
        notes.append("the confidence is no number, 0 is taken")
        return 0.0


def _entities(
    written: str | None, start: int, extra: dict[str, Json], notes: list[str]
) -> list[dict[str, Json]]:
    """Return one object per value; a list of values gives one object per item."""
    if written is None:
        return []
    try:
        stated: object = msgspec.json.decode(written)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        stated = None
    if not isinstance(stated, dict):
        notes.append("the entities are no JSON object and are ignored")
        return []
    end = start + len(written)
    return [
        {"entity": name, "start": start, "end": end, "value": value, **extra}
        for name, values in cast(dict[str, Json], stated).items()
        for value in (cast(list[Json], values) if isinstance(values, list) else [values])
    ]
