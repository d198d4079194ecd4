"""Tells whether another server can be reached, without asking it to do anything."""

import ssl

import httpx2

from tertulia.adapters.remote.client import open_client, params_of, shown_address
from tertulia.base.errors import PortError
from tertulia.schema.endpoints import Endpoint


async def reach(endpoint: Endpoint) -> str:
    """Return the server's address, once it has answered a HEAD request with any status.

    Raises:
        PortError: no answer (T645).
    """
    address = shown_address(endpoint.url)
    try:
        async with open_client(endpoint) as client:
            await client.head(endpoint.url, params=params_of(endpoint), timeout=10.0)
    except (httpx2.HTTPError, httpx2.InvalidURL, ssl.SSLError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise PortError(
            f"{address} does not answer: {reason}",
            hint="Start the server, or correct the address.",
            code="T645",
        ) from error
    return address
