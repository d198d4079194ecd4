"""Other servers, played by functions."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
import stamina

from tertulia.adapters.remote.client import EndpointClient
from tertulia.schema.endpoints import Endpoint

Handler = Callable[[httpx2.Request], httpx2.Response]
Connect = Callable[..., EndpointClient]


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """Try again at once."""
    with stamina.set_testing(True, attempts=3):
        yield


def connect(handler: Handler, endpoint: Endpoint | None = None) -> EndpointClient:
    """Return a client whose other side is a function."""
    endpoint = endpoint or Endpoint(url="http://other.example/webhook")
    return EndpointClient(endpoint, transport=httpx2.MockTransport(handler))


def always(status: int, content: bytes = b"", **more: Any) -> Handler:
    """Return a server that answers every request the same."""
    return lambda request: httpx2.Response(status, content=content, **more)


def never(error: Exception) -> Handler:
    """Return a server that cannot be talked to."""

    def handle(request: httpx2.Request) -> httpx2.Response:
        raise error

    return handle
