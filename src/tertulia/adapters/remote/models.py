"""A model server over HTTP: the newest model, if it is another than the one already here.

Source: spec endpoints.md section 2.
"""

import logging
import uuid

import httpx2

from tertulia.adapters.remote.client import open_client, params_of, shown_address
from tertulia.base.errors import ModelServerError
from tertulia.model.content import Limits
from tertulia.model.packed import Packed, Pulled, plain_name
from tertulia.schema.endpoints import ModelEndpoint

_log = logging.getLogger("tertulia.remote")


class HttpModelServer:
    """Asks `GET <url>` with `If-None-Match`. Redirects are not followed: they may lead anywhere."""

    def __init__(
        self,
        endpoint: ModelEndpoint,
        *,
        limits: Limits | None = None,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._limit = (limits or Limits()).total_bytes
        self._client = open_client(endpoint, transport=transport)
        # The originals always send a tag, before the first model one that nobody knows.
        self._no_tag = uuid.uuid4().hex

    async def pull(self, tag: str | None) -> Pulled | None:
        """Return the newest model, None when that is the one with this tag, or there is none yet.

        Raises:
            ModelServerError: it did not answer, or sent something unusable.
        """
        try:
            async with self._client.stream(
                "GET",
                self._endpoint.url,
                params=params_of(self._endpoint),
                # What is packed already is taken as it is sent.
                headers={"If-None-Match": tag or self._no_tag, "Accept-Encoding": "identity"},
            ) as answer:
                return await self._read(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise self._failed(f"did not answer ({type(error).__name__})") from error

    async def close(self) -> None:
        """Let go of connections."""
        await self._client.aclose()

    async def _read(self, answer: httpx2.Response) -> Pulled | None:
        if answer.status_code in (204, 304):
            return None
        if answer.status_code == 404:
            _log.info("the model server has no model at this address yet")
            return None
        if answer.status_code != 200:
            raise self._failed(f"answered with status {answer.status_code}")
        tag = answer.headers.get("ETag")
        if not tag:
            raise self._failed("sent a model without an ETag header, so it is not used")
        data = bytearray()
        async for chunk in answer.aiter_raw():
            data += chunk
            if len(data) > self._limit:
                raise self._failed(f"sends more than {self._limit} bytes")
        return Pulled(Packed(plain_name(answer.headers.get("filename")), bytes(data), tag), tag)

    def _failed(self, what: str) -> ModelServerError:
        return ModelServerError(
            f"the model server at {shown_address(self._endpoint.url)} {what}",
            hint="Check the address under 'models' in endpoints.yml, and that server's log.",
        )
