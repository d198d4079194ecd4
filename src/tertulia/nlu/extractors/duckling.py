"""Entities of a Duckling server: times, amounts of money, numbers, distances and others.

Source: spec nlu.md sections 7.2 and 8.
"""

import json
from typing import Any, ClassVar, Self

import msgspec

from tertulia.core.entity_server import EntityQuestion
from tertulia.nlu.component import ENTITIES, Component, Setting, Training
from tertulia.nlu.message import Message

Json = Any


class DucklingConfig(msgspec.Struct, frozen=True, kw_only=True):
    """url: of the server. dimensions: which kinds count, None for all. locale: such as `en_GB`,
    None for the pipeline's language. timezone: such as `Europe/Oslo`. timeout: seconds.
    """

    url: str | None = None
    dimensions: tuple[str, ...] | None = None
    locale: str | None = None
    timezone: str | None = None
    timeout: float = 3.0


class DucklingEntityExtractor(Component[DucklingConfig]):
    """Asks the server about each text; learns nothing."""

    Config = DucklingConfig
    provides: ClassVar[frozenset[str]] = frozenset({ENTITIES})
    asks: ClassVar[bool] = True

    @classmethod
    def train(cls, config: DucklingConfig, setting: Setting, training: Training) -> Self:
        """Return the extractor; there is nothing to learn."""
        return cls(config, setting)

    def process(self, message: Message) -> None:
        """Append the entities that the server finds; none when nobody can be asked."""
        if message.entity_server is None or not message.text.strip():
            return
        found = message.entity_server.ask(self.question(message.text)) or []
        wanted = self.config.dimensions
        message.entities += [
            self._entity(one)
            for one in found
            if _is_match(one) and (not wanted or one["dim"] in wanted)
        ]

    def question(self, text: str) -> EntityQuestion:
        """Return what to ask about a text."""
        config, language = self.config, self.setting.language
        form = {"text": text, "locale": config.locale or f"{language}_{language.upper()}"}
        if config.timezone is not None:
            form["tz"] = config.timezone
        if config.dimensions is not None:
            form["dims"] = json.dumps(list(config.dimensions))
        return EntityQuestion(url=config.url, form=form, timeout=config.timeout)

    def _entity(self, match: dict[str, Json]) -> dict[str, Json]:
        return {
            "entity": match["dim"],
            "start": match["start"],
            "end": match["end"],
            "text": match.get("body", match.get("text")),
            "value": _value(match["value"]),
            "confidence": 1.0,
            "additional_info": match["value"],
            "extractor": self.setting.name,
        }


def _is_match(one: Json) -> bool:
    return isinstance(one, dict) and {"dim", "start", "end", "value"} <= one.keys()


def _value(value: dict[str, Json]) -> Json:
    """Return the normalised value; an interval has two ends, either may be open."""
    if value.get("type") != "interval":
        return value.get("value")
    return {name: _end(value.get(name)) for name in ("to", "from")}


def _end(value: dict[str, Json] | None) -> Json:
    return None if value is None else value.get("value")
