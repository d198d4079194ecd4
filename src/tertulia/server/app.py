"""The server's composition: routes of the settings, error handlers, and the edge around them."""

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import chain

from litestar import Litestar, MediaType, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler, WebsocketRouteHandler

from tertulia.adapters.telemetry.telemetry import Telemetry
from tertulia.base.errors import TertuliaError
from tertulia.engine.service import Service
from tertulia.jobs.places import Places
from tertulia.schema.channels import CALLBACK, SOCKETIO, SocketioChannel
from tertulia.server.body import AnyRequest
from tertulia.server.edge import Edge
from tertulia.server.errors import (
    ErrorBody,
    Failure,
    failure_of,
    failure_of_bug,
    failure_of_status,
)
from tertulia.server.figures import Figures
from tertulia.server.guard import guard
from tertulia.server.pushing import open_pushing
from tertulia.server.routes import (
    callback,
    conversations,
    domain,
    finetune,
    health,
    info,
    live,
    metrics,
    model_tests,
    models,
    pages,
    parse,
    records,
    socketio,
    training,
    triggers,
    turns,
    webhooks,
)
from tertulia.server.served import Served, served_by
from tertulia.server.settings import ServerSettings, check_channels
from tertulia.server.stopping import Stopping

_log = logging.getLogger("tertulia.server")

_ALWAYS = (*webhooks.CHANNELS, *pages.ALWAYS, *health.ALWAYS)
_BY_CHANNEL = {CALLBACK: callback.CHANNELS, SOCKETIO: socketio.CHANNELS}
_API = (
    *info.API,
    *conversations.API,
    *records.API,
    *live.API,
    *turns.API,
    *triggers.API,
    *domain.API,
    *parse.API,
    *models.API,
    *training.API,
    *model_tests.API,
    *finetune.API,
    *pages.API,
)


def create_app(
    service: Service,
    settings: ServerSettings,
    *,
    now: Callable[[], float] = time.time,
    telemetry: Telemetry | None = None,
    stopping: Stopping | None = None,
    gathered: Callable[[Figures], Figures] | None = None,
    places: Places | None = None,
) -> Edge:
    """Return the ASGI application. It closes the service when the server stops.

    now: Unix seconds; the time that events get which bring none. telemetry: what watches
    requests. stopping: told by whoever serves when the end begins. gathered: adds the figures of
    processes that serve together with this one. places: for jobs, where these count them.

    Raises:
        ConfigError: channels, credentials or origins of the settings cannot be used.
    """
    check_channels(settings)
    telemetry = telemetry or Telemetry()
    stopping = stopping or Stopping()
    served = Served(service, settings, now, telemetry.meters, stopping, places)
    if gathered is not None:
        served.figures = gathered(served.figures)
    stopping.drains += [served.turns.drain, service.schedule.stop, served.end_jobs]

    pushing = open_pushing(settings.channels, service)
    handlers = _routes(settings)

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncGenerator[None]:
        service.start()
        await service.follow_models()
        try:
            yield
        finally:
            await stopping.drain()
            for channel in pushing:
                await channel.close()
            await service.close(stopping.remaining())

    app = Litestar(
        route_handlers=(*handlers, *_sockets(served, handlers)),
        guards=[guard],
        lifespan=[lifespan],
        state=State({"served": served, "handlers": handlers, "limits": settings.limits}),
        openapi_config=None,
        request_max_body_size=settings.limits.body_bytes,
        exception_handlers={
            TertuliaError: _on_refusal,
            HTTPException: _on_framework,
            Exception: _on_bug,
        },
        logging_config=None,
    )
    return Edge(app, settings, telemetry)


def _sockets(
    served: Served, beside: Sequence[HTTPRouteHandler]
) -> Sequence[HTTPRouteHandler | WebsocketRouteHandler]:
    """Return what answers at the path of the Socket.IO channel, where it is wanted."""
    config = served.settings.channels.get(SOCKETIO)
    if not isinstance(config, SocketioChannel):
        return ()
    # Only servers with this channel load what it needs.
    from tertulia.server.sockets.opened import open_sockets

    return open_sockets(config, served).handlers(beside)


def _routes(settings: ServerSettings) -> tuple[HTTPRouteHandler, ...]:
    """Return the routes. Without the API the modern profile still answers at the root."""
    figures = metrics.routes(public=settings.public_metrics)
    mounted = [_BY_CHANNEL[name] for name in settings.channels if name in _BY_CHANNEL]
    channels = (*_ALWAYS, *chain.from_iterable(mounted))
    if settings.enable_api:
        return (*channels, *info.ALWAYS, *_API, *figures)
    always = (*channels, *figures) if settings.public_metrics else channels
    return always if settings.is_legacy else (*always, *info.ALWAYS)


def _on_refusal(request: AnyRequest, error: TertuliaError) -> Response[ErrorBody]:
    return _send(request, failure_of(error, served_by(request).settings))


def _on_framework(request: AnyRequest, error: HTTPException) -> Response[ErrorBody]:
    settings = served_by(request).settings
    return _send(request, failure_of_status(error.status_code, settings, error.headers))


def _on_bug(request: AnyRequest, error: Exception) -> Response[ErrorBody]:
    _log.error("T815 a request failed", exc_info=error)
    return _send(request, failure_of_bug(served_by(request).settings))


def _send(request: AnyRequest, failure: Failure) -> Response[ErrorBody]:
    served_by(request).meters.refused(failure.body.error_code)
    return Response(
        failure.body,
        status_code=failure.status,
        headers=failure.headers,
        media_type=MediaType.JSON,
    )
