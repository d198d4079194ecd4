"""Sends the result of a job to the address that its client named.

Rule: only hosts that the person who runs the server allows are ever called.

Source: spec http_api.md "POST /model/train" (`callback_url`).
"""

from collections.abc import Mapping

import httpx2
import stamina

from tertulia.adapters.remote.client import shown_address
from tertulia.base.errors import CallbackFailed

_TIMEOUT = 60.0
_ATTEMPTS = 5


async def send_result(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
) -> None:
    """Post a body; a connection that cannot be made is tried again a few times.

    Raises:
        CallbackFailed: the address did not take it.
    """
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT, transport=transport) as client:
            status = await _posted(client, url, body, headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise _failed(url, f"did not answer ({type(error).__name__})") from error
    if status >= 300:
        raise _failed(url, f"answered with status {status}")


@stamina.retry(on=(httpx2.ConnectError, httpx2.ConnectTimeout), attempts=_ATTEMPTS)
async def _posted(
    client: httpx2.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]
) -> int:
    answer = await client.post(url, content=body, headers=dict(headers))
    return answer.status_code


def _failed(url: str, what: str) -> CallbackFailed:
    return CallbackFailed(
        f"the result could not be delivered: {shown_address(url)} {what}",
        hint="The client has to ask again; check its address.",
    )
