"""What every route needs, found through the request."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote

from tertulia.adapters.telemetry.meters import Meters
from tertulia.base.errors import RequestError
from tertulia.core.observer import Observer
from tertulia.core.tracker.views import Shape, Verbosity, current_state, select_events
from tertulia.engine.assistant import Assistant
from tertulia.engine.operations import View
from tertulia.engine.service import Service
from tertulia.jobs.places import OwnPlaces, Places
from tertulia.jobs.runner import Jobs
from tertulia.server.auth import gate_of
from tertulia.server.callbacks import Callbacks
from tertulia.server.errors import UNKNOWN_CONVERSATION
from tertulia.server.figures import Figures, OwnFigures
from tertulia.server.settings import ServerSettings
from tertulia.server.stopping import Stopping
from tertulia.server.turns import Turns

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

Json = Any


class Served:
    """The service with the server's settings. now: the present time in Unix seconds.

    meters: what is counted. stopping: whether the server still takes turns. places: for jobs, None
    for those of one process. name: made up, in the place of a model's.
    """

    def __init__(
        self,
        service: Service,
        settings: ServerSettings,
        now: Callable[[], float],
        meters: Meters,
        stopping: Stopping,
        places: Places | None = None,
    ) -> None:
        self.service = service
        self.settings = settings
        self.now = now
        self.gate = gate_of(settings)
        self.meters = meters
        self.stopping = stopping
        self.name = uuid.uuid4().hex
        self.turns = Turns(settings.response_timeout, stopping, most=settings.limits.turns)
        places = places or OwnPlaces(settings.limits.jobs)
        self.jobs = Jobs(places, limit=settings.response_timeout)
        self.figures: Figures = OwnFigures(meters, service, self.turns, self.jobs)
        self.callbacks = Callbacks(settings)
        self.shape = Shape.LEGACY if settings.is_legacy else Shape.MODERN

    @property
    def observer(self) -> Observer:
        """Return who is told of steps."""
        return self.service.processor.outside.observer

    async def end_jobs(self, patience: float) -> None:
        """End what trains and tests; who is to be called back is told, within so many seconds."""
        await self.jobs.close()
        await self.callbacks.drain(patience)

    def ready(self) -> Assistant:
        """Return the assistant.

        Raises:
            ModelError: no model is loaded.
        """
        return self.service.ready()

    def show(
        self,
        view: View,
        verbosity: Verbosity = Verbosity.AFTER_RESTART,
        *,
        trace: bool = False,
    ) -> dict[str, Json]:
        """Return a conversation's JSON as this profile's clients know it.

        trace: with the explanations of actions.
        """
        events = select_events(view.tracker, view.log, verbosity)
        return current_state(view.tracker, events, self.shape, trace=trace)

    async def require_known(self, conversation_id: str) -> None:
        """Refuse conversations that do not exist, where the modern profile does.

        Raises:
            RequestError: 404.
        """
        if self.settings.is_legacy or await self.service.operations.exists(conversation_id):
            return
        raise RequestError("conversation ID not found.", code=UNKNOWN_CONVERSATION)


def served_by(connection: "ASGIConnection[Any, Any, Any, Any]") -> Served:
    """Return what serves this connection."""
    return cast(Served, connection.app.state.served)


def decode_id(encoded: str) -> str:
    """Return the conversation id of a path parameter (the edge encodes it)."""
    return unquote(encoded)
