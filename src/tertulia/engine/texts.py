"""What people and bots say, in the log: only where somebody asked for it, to find a fault.

Rule: nothing else in the package writes such texts to a log.
"""

import logging
from collections.abc import Sequence

from tertulia.core.events import BotUttered, Event, UserUttered

_log = logging.getLogger("tertulia.messages")
_OFF = logging.CRITICAL + 1
_log.setLevel(_OFF)


def log_texts() -> None:
    """Write texts to the log from now on, whatever its level is, and say so."""
    _log.setLevel(logging.INFO)
    _log.warning(
        "T890 what people say to the bot is written to this log; leave out --log-messages when the "
        "fault is found, and delete the log"
    )


def tell_texts(events: Sequence[Event]) -> None:
    """Log the texts among events that are stored now, if that is wanted."""
    if not _log.isEnabledFor(logging.INFO):
        return
    for event in events:
        if isinstance(event, UserUttered):
            _log.info("user: %s", event.text)
        elif isinstance(event, BotUttered):
            _log.info("bot: %s", event.text)
