"""The typed shape of credentials.yml: what each channel needs.

Source: spec channels.md sections 1 and 4.
"""

from collections.abc import Mapping

from tertulia.schema.endpoints import Endpoint

REST = "rest"
CALLBACK = "callback"
NAMES = (REST, CALLBACK)
"""The channels that can be mounted. `rest` is always there."""


class CallbackChannel(Endpoint, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the messages of the callback channel are posted. timeout: seconds for one of them."""

    timeout: float = 30.0


Channel = CallbackChannel | None
"""What a channel was given; None for one that needs nothing."""

Channels = Mapping[str, Channel]
"""Channels by their names. `rest` is served whether it is among them or not."""
