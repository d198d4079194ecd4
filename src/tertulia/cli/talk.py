"""A conversation in the terminal: prints what the bot says, offers its buttons by number.

Source: spec channels.md section 17.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tertulia.adapters.channels.collector import render
from tertulia.base.errors import TertuliaError
from tertulia.cli.explain import explanations
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered
from tertulia.core.incoming import Incoming
from tertulia.engine.service import Service

Json = Any
Echo = Callable[[str], None]

STOP = "/stop"
CHANNEL = "cmdline"


class Screen:
    """Shows messages. Buttons of the newest message with buttons can be chosen by number."""

    name = CHANNEL

    def __init__(self, generation: Generation, echo: Echo) -> None:
        self.generation = generation
        self._echo = echo
        self._payloads: list[str] = []

    async def deliver(self, said: BotUttered) -> None:
        """Show one utterance."""
        for message in render(said, "", self.generation):
            self.show(message)

    def show(self, message: Mapping[str, Json]) -> None:
        """Show one message: text, buttons, and in words what a terminal cannot draw."""
        if message.get("text"):
            self._echo(str(message["text"]))
        if message.get("buttons"):
            self._payloads = []
            for button in message["buttons"]:
                self._show_button(button)
        for kind in ("image", "attachment"):
            if message.get(kind):
                self._echo(f"{kind.capitalize()}: {_words(message[kind])}")
        if message.get("custom"):
            self._echo(_words(message["custom"]))

    def chosen(self, text: str) -> str:
        """Return the payload of the button with this number, or the text itself."""
        if text.isascii() and text.isdecimal() and 1 <= int(text) <= len(self._payloads):
            return self._payloads[int(text) - 1]
        return text

    def forget_buttons(self) -> None:
        """Offer nothing any more: the conversation has gone on."""
        self._payloads = []

    def _show_button(self, button: Mapping[str, Json]) -> None:
        title = str(button.get("title", ""))
        if button.get("url") and not button.get("payload"):
            self._echo(f"     {title}: {button['url']}")
            return
        self._payloads.append(str(button.get("payload") or title))
        self._echo(f"  {len(self._payloads)}  {title}")


class Talk:
    """One person's conversation with a service in this process.

    explain: shown, after each turn, why its actions were chosen; None: not wanted.
    """

    def __init__(
        self, service: Service, sender_id: str, echo: Echo, explain: Echo | None = None
    ) -> None:
        self._service = service
        self._sender_id = sender_id
        self._echo = echo
        self._explain = explain
        self._screen = Screen(_generation(service), echo)

    async def say(self, line: str) -> None:
        """Take one typed line through a turn; what fails is shown, and the talk goes on."""
        text = self._screen.chosen(line.strip())
        if not text:
            return
        self._screen.forget_buttons()
        self._screen.generation = _generation(self._service)
        incoming = Incoming(sender_id=self._sender_id, text=text, input_channel=CHANNEL)
        try:
            before = await self._service.store.version(self._sender_id)
            await self._service.handle(incoming, self._screen)
            await self._show_reasons(before)
        except TertuliaError as error:
            self._echo(str(error))

    async def _show_reasons(self, before: int) -> None:
        if self._explain is None:
            return
        loaded = await self._service.store.load(self._sender_id)
        added = loaded.version - before
        for line in explanations(loaded.events[len(loaded.events) - added :]):
            self._explain(line)


def _generation(service: Service) -> Generation:
    """Return how the bot speaks now; a model may still be on its way, or be exchanged."""
    assistant = service.assistant
    return Generation.MODERN if assistant is None else assistant.generation


def _words(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
