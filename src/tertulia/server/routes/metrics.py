"""Figures for Prometheus."""

import asyncio
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from tertulia.server.body import AnyRequest
from tertulia.server.declare import TEXT, Facts, operation
from tertulia.server.served import served_by

_EXPOSITION = "tertulia.adapters.telemetry.exposition"


async def metrics(request: AnyRequest) -> Response[bytes]:
    """Return what was counted since the start, and how things stand now."""
    families = await served_by(request).figures()
    # Loaded by the first who asks, and not on the event loop.
    exposition: Any = await asyncio.to_thread(import_module, _EXPOSITION)
    text, media_type = exposition.write(families, request.headers.get("accept", ""))
    return Response(text, headers={"Content-Type": media_type})


def routes(*, public: bool) -> Sequence[HTTPRouteHandler]:
    """Return the route. public: nobody is asked for credentials."""
    declare = operation(
        "GET",
        "/metrics",
        summary="Figures for Prometheus",
        tag="server",
        facts=Facts(
            scope="open" if public else "read", media_types=(TEXT,), model=False, store=False
        ),
    )
    return (declare(metrics),)
