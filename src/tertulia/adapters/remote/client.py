"""One pooled HTTP client per endpoint, with its headers, credentials and limits."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import httpx2
import msgspec
import stamina

from tertulia.schema.endpoints import Endpoint

Json = Any
_log = logging.getLogger("tertulia.remote")
_CONNECT_ATTEMPTS = 3
_MAX_ANSWER = 16 * 1024 * 1024
_MAX_CONNECTIONS = 100

Outgoing = Callable[[], Mapping[str, str]]
"""Returns the headers of one request: what belongs to the moment, such as its trace."""


def no_headers() -> Mapping[str, str]:
    """Return none."""
    return {}


class Answer(msgspec.Struct, frozen=True):
    """What a server answered: HTTP status and the raw body."""

    status: int
    body: bytes


class EndpointClient:
    """Sends JSON to one endpoint, and reads. Redirects are not followed: they may lead anywhere.

    Only a connection that could not be made is tried again: a request that was sent may have
    had its effect.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        transport: httpx2.AsyncBaseTransport | None = None,
        outgoing: Outgoing = no_headers,
    ) -> None:
        self._outgoing = outgoing
        self._url = endpoint.url
        self._params = params_of(endpoint)
        self._client = open_client(endpoint, transport=transport)

    async def post(self, body: dict[str, Json]) -> Answer:
        """Send a JSON object and return the answer, whatever its status.

        Raises:
            httpx2.HTTPError: no answer in time, or none that HTTP allows.
        """
        return await self._persist("POST", msgspec.json.encode(body), self._params)

    async def get(self, query: Mapping[str, str]) -> Answer:
        """Ask with these query parameters beside the endpoint's own. Raises as `post`."""
        return await self._persist("GET", b"", {**self._params, **query})

    async def _persist(self, method: str, content: bytes, params: Mapping[str, str]) -> Answer:
        async for attempt in stamina.retry_context(
            on=(httpx2.ConnectError, httpx2.ConnectTimeout),
            attempts=_CONNECT_ATTEMPTS,
            wait_initial=0.05,
            wait_max=1.0,
        ):
            with attempt:
                return await self._send(method, content, params)
        raise httpx2.ConnectError("no attempt was made")

    async def _send(self, method: str, content: bytes, params: Mapping[str, str]) -> Answer:
        async with self._client.stream(
            method,
            self._url,
            content=content,
            params=dict(params),
            headers=dict(self._outgoing()),
        ) as response:
            received = bytearray()
            async for chunk in response.aiter_bytes():
                received += chunk
                if len(received) > _MAX_ANSWER:
                    raise httpx2.RemoteProtocolError(
                        f"the answer is larger than {_MAX_ANSWER // 2**20} MiB"
                    )
            return Answer(response.status_code, bytes(received))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


def params_of(endpoint: Endpoint) -> dict[str, str]:
    """Return the query parameters of every request, the token among them."""
    token = {} if endpoint.token is None else {endpoint.token_name: endpoint.token.reveal()}
    return {**endpoint.params, **token}


def open_client(
    endpoint: Endpoint, *, transport: httpx2.AsyncBaseTransport | None = None
) -> httpx2.AsyncClient:
    """Return a client with the endpoint's headers, credentials and limits."""
    auth = endpoint.basic_auth
    headers = {name: value.reveal() for name, value in endpoint.headers.items()}
    return httpx2.AsyncClient(
        headers={"Content-Type": "application/json", **headers},
        auth=httpx2.BasicAuth(auth.username, auth.password.reveal()) if auth else None,
        timeout=httpx2.Timeout(endpoint.timeout, connect=min(10.0, endpoint.timeout)),
        limits=httpx2.Limits(max_connections=_MAX_CONNECTIONS),
        verify=endpoint.cafile or True,
        transport=transport,
    )


def shown_address(url: str) -> str:
    """Return an address without user name, password and parameters."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL:
        return "an address that is none"
    port = "" if parsed.port is None else f":{parsed.port}"
    return f"{parsed.scheme}://{parsed.host}{port}{parsed.path}"


def read_object(body: bytes) -> dict[str, Json] | None:
    """Return the JSON object of a body, None for `null` or nothing.

    Raises:
        msgspec.MsgspecError: no JSON, or JSON that is no object.
    """
    if not body.strip():
        return None
    try:
        return msgspec.json.decode(body, type=dict[str, Any] | None)
    except RecursionError as error:
        raise msgspec.DecodeError("JSON is nested too deep") from error
