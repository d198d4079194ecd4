"""Renders what the bot says as a list of messages: the REST channel, `respond`, `execute`.

Source: spec channels.md section 2 (dispatch order, collector message object).
"""

from collections.abc import Iterator
from typing import Any

from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered

Json = Any
Message = dict[str, Json]

_PART_BREAK = "\n\n"


class Collector:
    """Takes utterances and keeps their messages, in order."""

    def __init__(self, recipient_id: str, generation: Generation, name: str = "collector") -> None:
        self._recipient_id = recipient_id
        self._generation = generation
        self._name = name
        self.messages: list[Message] = []

    @property
    def name(self) -> str:
        """Return the channel's name."""
        return self._name

    async def deliver(self, said: BotUttered) -> None:
        """Keep the messages of one utterance."""
        self.messages.extend(render(said, self._recipient_id, self._generation))


def render(said: BotUttered, recipient_id: str, generation: Generation) -> Iterator[Message]:
    """Yield the messages that one utterance makes."""
    parts = _legacy_parts if generation is Generation.LEGACY else _modern_parts
    for part in parts(said):
        yield {"recipient_id": recipient_id, **part}


def _legacy_parts(said: BotUttered) -> Iterator[Message]:
    content: Message = said.content if said.content is not None else _from_data(said)
    text = content.get("text")
    if content.get("elements"):
        for element in content["elements"]:
            yield from _element(element)
    elif content.get("buttons"):
        yield {"text": text, "buttons": content["buttons"]}
    elif text:
        yield from _texts(text)
    if content.get("image"):
        yield {"image": content["image"]}
    if content.get("attachment"):
        yield {"attachment": content["attachment"]}


def _from_data(said: BotUttered) -> Message:
    data = said.data or {}
    return {**data, "text": said.text, "image": data.get("attachment"), "attachment": None}


def _modern_parts(said: BotUttered) -> Iterator[Message]:
    data = said.data or {}
    buttons = data.get("quick_replies") or data.get("buttons")
    if buttons:
        yield {"text": said.text, "buttons": buttons}
    elif said.text:
        yield from _texts(said.text.strip())
    if data.get("custom"):
        yield {"custom": data["custom"]}
    image = data.get("image")
    if image:
        yield {"image": image}
    attachment = data.get("attachment")
    if attachment and attachment != image:
        yield {"attachment": attachment}
    for element in data.get("elements") or ():
        yield from _element(element)


def _texts(text: str) -> Iterator[Message]:
    for part in text.split(_PART_BREAK):
        yield {"text": part}


def _element(element: Message) -> Iterator[Message]:
    """A card becomes text with its buttons, as channels without cards show it."""
    text = f"{element.get('title', '')} : {element.get('subtitle', '')}"
    yield {"text": text, "buttons": element.get("buttons") or []}
