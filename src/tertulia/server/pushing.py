"""Channels that the bot can speak on unasked: opened with the server, closed with it."""

from collections.abc import Awaitable
from typing import Protocol

from tertulia.adapters.channels.collector import Collector
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered
from tertulia.engine.service import Service
from tertulia.schema.channels import CALLBACK, CallbackChannel, Channels


class Pushing(Protocol):
    """A channel that is open."""

    def close(self) -> Awaitable[None]:
        """Let go of connections."""
        ...


class Poster(Protocol):
    """Takes messages to where a user is."""

    def post(self, message: dict[str, object]) -> Awaitable[bool]:
        """Take one message there; tell whether it arrived."""
        ...


class CallbackOutput(Collector):
    """Posts what the bot says to one user, message by message, and keeps it for the answer."""

    def __init__(self, poster: Poster, recipient_id: str, generation: Generation) -> None:
        super().__init__(recipient_id, generation, CALLBACK)
        self._poster = poster

    async def deliver(self, said: BotUttered) -> None:
        """Post the messages of one utterance, in order."""
        known = len(self.messages)
        await super().deliver(said)
        for message in self.messages[known:]:
            await self._poster.post(message)


def open_pushing(channels: Channels, service: Service) -> list[Pushing]:
    """Open the channels that are posted to, and make them known to the service."""
    config = channels.get(CALLBACK)
    if not isinstance(config, CallbackChannel):
        return []
    # Only servers with this channel load the library for it.
    from tertulia.adapters.remote.delivery import MessagePoster

    poster = MessagePoster(config)

    def opening(sender_id: str) -> CallbackOutput:
        return CallbackOutput(poster, sender_id, service.ready().generation)

    service.channels.register(CALLBACK, opening)
    return [poster]
