"""Where the bot speaks when nobody has just asked: channels that messages can be pushed to."""

import logging
from collections.abc import Callable

from tertulia.core.events import BotUttered
from tertulia.core.ports import OutputChannel

_log = logging.getLogger("tertulia.turn")

Opening = Callable[[str], OutputChannel]
"""Returns the output of a channel for one user, named by the conversation's id."""


class Unheard:
    """The output of a channel that only answers requests: what is said stays in the log.

    The name is that of the originals' collecting channel, which responses are chosen by.
    """

    name = "collector"

    def __init__(self, channel: str | None) -> None:
        self._channel = channel
        self._told = False

    async def deliver(self, said: BotUttered) -> None:
        """Note once that nobody is reached."""
        if self._told:
            return
        self._told = True
        _log.info(
            "the bot spoke, but the channel '%s' cannot be pushed to; what it said is in the log",
            self._channel or "none",
        )


class Channels:
    """Push-capable channels by name."""

    def __init__(self) -> None:
        self._openings: dict[str, Opening] = {}

    def register(self, name: str, opening: Opening) -> None:
        """Make a channel known under the name that user events have in `input_channel`."""
        self._openings[name] = opening

    def find(self, name: str | None, sender_id: str) -> OutputChannel | None:
        """Return the channel's output for a user, None when it cannot be pushed to."""
        opening = None if name is None else self._openings.get(name)
        return None if opening is None else opening(sender_id)

    def output_for(self, name: str | None, sender_id: str) -> OutputChannel:
        """Return the channel's output for a user; without one, what is said is only logged."""
        return self.find(name, sender_id) or Unheard(name)
