"""Posts what the bot says to the address that a channel was given.

Source: spec channels.md section 4.
"""

import logging
from collections.abc import Mapping
from typing import Any

import httpx2

from tertulia.adapters.remote.client import EndpointClient, shown_address
from tertulia.schema.channels import CallbackChannel

Json = Any
_log = logging.getLogger("tertulia.remote")


class MessagePoster:
    """Posts messages to one address, one after the other.

    Rule: a message that the address does not take is logged and not sent again; it is stored.
    """

    def __init__(
        self, channel: CallbackChannel, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._address = shown_address(channel.url)
        self._client = EndpointClient(channel, transport=transport)

    async def post(self, message: Mapping[str, Json]) -> bool:
        """Post one message; tell whether the address took it."""
        try:
            answer = await self._client.post(dict(message))
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            return self._failed(f"it did not answer ({type(error).__name__})")
        if answer.status >= 300:
            return self._failed(f"it answered with status {answer.status}")
        return True

    def _failed(self, why: str) -> bool:
        _log.error("T883 a message could not be posted to %s: %s", self._address, why)
        return False

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()
