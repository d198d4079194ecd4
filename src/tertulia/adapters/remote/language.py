"""Messages understood by an NLU server over HTTP.

Source: spec endpoints.md section 3.
"""

from collections.abc import Mapping
from typing import Any

import httpx2
import msgspec

from tertulia.adapters.remote.client import (
    Answer,
    EndpointClient,
    Outgoing,
    no_headers,
    read_object,
)
from tertulia.base.errors import LanguageServerError
from tertulia.core.domain.model import Generation
from tertulia.core.understanding import RankedIntent, Understanding
from tertulia.schema.endpoints import LanguageEndpoint

Json = Any

PATHS = {"0.x": "parse", "1.x": "model/parse"}
"""Where a server of which generation understands, below its address."""


class _Intent(msgspec.Struct):
    name: str | None = None
    confidence: float = 1.0


class _Parsed(msgspec.Struct):
    """The parts of an answer whose types are fixed; further keys are kept."""

    intent: _Intent
    entities: list[dict[str, Json]] | None = None
    text: str | None = None
    intent_ranking: list[_Intent] | None = None


class HttpLanguageServer:
    """Asks `GET <url>/parse` of 0.x, or `POST <url>/model/parse` of later releases.

    transport: in the place of sockets, for tests. outgoing: headers of each call.
    """

    def __init__(
        self,
        endpoint: LanguageEndpoint,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        outgoing: Outgoing = no_headers,
    ) -> None:
        self._endpoint = endpoint
        base = endpoint.url.rstrip("/")
        self._clients = {
            dialect: EndpointClient(
                msgspec.structs.replace(endpoint, url=f"{base}/{path}"),
                transport=transport,
                outgoing=outgoing,
            )
            for dialect, path in PATHS.items()
        }

    async def understand(self, text: str, message_id: str, generation: Generation) -> Understanding:
        """Return what the text means; see the port LanguageServer."""
        try:
            answer = await self._ask(text, message_id, generation)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise LanguageServerError(
                f"the NLU server did not answer ({type(error).__name__})",
                hint="Check `nlu` in the endpoints file, and that the server runs.",
            ) from error
        if answer.status >= 300:
            raise LanguageServerError(
                f"the NLU server answered with status {answer.status}",
                hint="See the log of the NLU server.",
            )
        try:
            found = read_object(answer.body) or {}
            parsed = msgspec.convert(found, _Parsed)
        except msgspec.MsgspecError as error:
            raise LanguageServerError(
                f"the NLU server's answer has a wrong shape: {error}",
                hint='It must look like {"intent": {"name": ..., "confidence": ...}, '
                '"entities": [...]}.',
            ) from error
        return _understanding(text, parsed, found)

    async def _ask(self, text: str, message_id: str, generation: Generation) -> Answer:
        own = "0.x" if generation is Generation.LEGACY else "1.x"
        dialect = self._endpoint.type or own
        client = self._clients[dialect]
        if dialect == "0.x":
            named = {"model": self._endpoint.model, "project": self._endpoint.project}
            query = {name: value for name, value in named.items() if value is not None}
            return await client.get({**query, "q": text, "message_id": message_id})
        token = self._endpoint.token
        shown = None if token is None else token.reveal()
        return await client.post({"token": shown, "text": text, "message_id": message_id})

    async def close(self) -> None:
        """Let go of connections."""
        for client in self._clients.values():
            await client.close()


def _understanding(text: str, parsed: _Parsed, found: Mapping[str, Json]) -> Understanding:
    """Return the answer as it came, with the entities and the text that it may leave out."""
    entities = parsed.entities or []
    return Understanding(
        text=parsed.text or text,
        intent=RankedIntent(parsed.intent.name, parsed.intent.confidence),
        entities=tuple(entities),
        extra={**found, "entities": entities},
    )
