"""The time a body may take to arrive."""

import asyncio
from typing import TYPE_CHECKING

from tertulia.base.errors import RequestError
from tertulia.server.errors import SLOW_BODY

if TYPE_CHECKING:
    from litestar.types import HTTPReceiveMessage, Receive


class Patient:
    """Receives one body, within `seconds` from now. Afterwards it waits as long as asked."""

    def __init__(self, receive: "Receive", seconds: float) -> None:
        self._receive = receive
        self._seconds = seconds
        self._deadline = asyncio.get_running_loop().time() + seconds
        self._is_complete = False

    async def receive(self) -> "HTTPReceiveMessage":
        """Return the next piece.

        Raises:
            RequestError: it did not come in time.
        """
        if self._is_complete:
            return await self._receive()  # type: ignore[return-value]
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError as error:
            raise RequestError(
                f"the body did not arrive within {self._seconds:g} seconds",
                hint="Send it faster, or in pieces.",
                code=SLOW_BODY,
            ) from error
        self._is_complete = not message.get("more_body", False)
        return message  # type: ignore[return-value]
