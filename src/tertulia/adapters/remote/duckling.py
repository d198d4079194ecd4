"""Asks a Duckling server for the times, amounts, numbers and the like in a text.

Source: spec nlu.md sections 7.2 and 8; Duckling's own HTTP server (`POST /parse`, a form).
"""

import logging
from typing import Any

import httpx2
import msgspec

from tertulia.adapters.remote.client import shown_address
from tertulia.base.ports import Clock
from tertulia.core.entity_server import EntityQuestion

Json = Any
URL_VARIABLE = "RASA_DUCKLING_HTTP_URL"
_MAX_ANSWER = 1 << 20
_log = logging.getLogger("tertulia.remote")


class DucklingServer:
    """Posts each question; what goes wrong is logged, and the message goes on without it.

    url: overrides that of the question. Thread-safe.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        url: str | None = None,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._clock = clock
        self._url = url
        self._client = httpx2.Client(transport=transport)

    def ask(self, question: EntityQuestion) -> list[Json] | None:
        """Return what the server found; see the port EntityServer."""
        url = self._url or question.url
        if url is None:
            _log.error(
                "T631 DucklingEntityExtractor knows no server. Write its `url`, or set %s.",
                URL_VARIABLE,
            )
            return None
        try:
            return self._post(f"{url.rstrip('/')}/parse", question)
        except (httpx2.HTTPError, httpx2.InvalidURL, msgspec.MsgspecError, ValueError) as error:
            _log.error(
                "T630 the Duckling server at %s did not answer as it should (%s), so the message "
                "has no entities of it. Is it running there?",
                shown_address(url),
                type(error).__name__,
            )
            return None

    def _post(self, url: str, question: EntityQuestion) -> list[Json]:
        now = str(round(self._clock.now() * 1000))
        form = {**question.form, "reftime": now}
        with self._client.stream("POST", url, data=form, timeout=question.timeout) as response:
            response.raise_for_status()
            received = bytearray()
            for chunk in response.iter_bytes():
                received += chunk
                if len(received) > _MAX_ANSWER:
                    raise ValueError("the answer is larger than 1 MiB")
        return msgspec.json.decode(bytes(received), type=list[Any])
