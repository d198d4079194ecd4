"""Responses worded by a response (NLG) server over HTTP.

Source: spec endpoints.md section 5.
"""

from typing import Any

import httpx2
import msgspec

from tertulia.adapters.remote.client import EndpointClient, Outgoing, no_headers, read_object
from tertulia.base.errors import ResponseServerError
from tertulia.schema.endpoints import ResponseEndpoint

Json = Any


class _Content(msgspec.Struct):
    """The parts of an answer whose types are fixed; further keys are kept."""

    text: str | None = None
    buttons: list[dict[str, Json]] | None = None
    elements: list[dict[str, Json]] | None = None
    image: str | None = None
    attachment: dict[str, Json] | None = None
    id: str | None = None
    custom: dict[str, Json] | None = None


class HttpResponseServer:
    """Calls `POST <url>` for every response the bot says. outgoing: headers of each call."""

    def __init__(
        self,
        endpoint: ResponseEndpoint,
        *,
        client: EndpointClient | None = None,
        outgoing: Outgoing = no_headers,
    ) -> None:
        self._client = client or EndpointClient(endpoint, outgoing=outgoing)

    async def write(self, body: dict[str, Json]) -> dict[str, Json] | None:
        """Return the worded response; see the port ResponseWriter."""
        try:
            answer = await self._client.post(body)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise ResponseServerError(
                f"the response server did not answer ({type(error).__name__})",
                hint="Check `nlg` in the endpoints file, and that the server runs.",
            ) from error
        if answer.status >= 300:
            raise ResponseServerError(
                f"the response server answered with status {answer.status}",
                hint="See the log of the response server.",
            )
        try:
            found = read_object(answer.body)
            msgspec.convert(found or {}, _Content)
        except msgspec.MsgspecError as error:
            raise ResponseServerError(
                f"the response server's answer has a wrong shape: {error}",
                hint='It must look like {"text": "...", "buttons": [...]}.',
            ) from error
        return found

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.close()
