"""Whether the process lives, and whether it can take traffic: beyond the originals, for all."""

import asyncio
from typing import Literal

import msgspec
from litestar import Response

from tertulia.base.errors import StoreUnavailable
from tertulia.engine.outbox import Delivery
from tertulia.server.body import AnyRequest
from tertulia.server.declare import Facts, operation
from tertulia.server.served import Served, served_by

_PATIENCE = 5.0
"""Seconds that the store gets to answer."""

State = Literal["ok", "failed"]
BrokerState = Literal["ok", "failed", "elsewhere"]


class Alive(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whether to send traffic here. store: it answers. model: one is loaded, if one is expected.

    accepting: the server is not about to end. brokers: whether each took what it was sent last;
    `elsewhere`: another process delivers to it. They do not count: what is stored waits for them.
    """

    status: State
    store: State
    model: State
    accepting: State
    brokers: dict[str, BrokerState] = {}


@operation(
    "GET",
    "/health/live",
    summary="Whether the process lives",
    tag="server",
    facts=Facts(scope="open", answer=Alive, model=False, store=False),
)
async def live(request: AnyRequest) -> Alive:
    """Answer. A process that does not shall be started again."""
    return Alive()


@operation(
    "GET",
    "/health/ready",
    summary="Whether the server can take traffic",
    tag="server",
    facts=Facts(scope="open", answer=Readiness, statuses=(200, 503), model=False, store=False),
)
async def ready(request: AnyRequest) -> Response[Readiness]:
    """Ask the store, look for the model, and whether the server is about to end."""
    served = served_by(request)
    service = served.service
    store = await _store_answers(served)
    model = service.assistant is not None or not service.expects_model
    accepting = not served.stopping.is_begun
    good = store and model and accepting
    brokers: dict[str, BrokerState] = {
        each.name: _broker_state(each) for each in service.outbox.deliveries()
    }
    found = Readiness(_state(good), _state(store), _state(model), _state(accepting), brokers)
    return Response(found, status_code=200 if good else 503)


async def _store_answers(served: Served) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await served.service.operations.conversations(limit=1)
    except (StoreUnavailable, TimeoutError):
        return False
    return True


def _state(good: bool) -> State:
    return "ok" if good else "failed"


def _broker_state(delivery: Delivery) -> BrokerState:
    return _state(delivery.problem is None) if delivery.ours else "elsewhere"


ALWAYS = (live, ready)
