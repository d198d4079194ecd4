"""Teaches the served model one conversation more.

Source: spec http_api.md "POST /finetune".
"""

import asyncio
import uuid
from functools import partial
from typing import Any

from tertulia.model.teach import taught
from tertulia.server import query
from tertulia.server.body import AnyRequest, read_json
from tertulia.server.declare import Facts, operation
from tertulia.server.errors import NOTHING_LEARNS, WRONG_EVENTS
from tertulia.server.events_in import any_number
from tertulia.server.routes.model_tests import served_model
from tertulia.server.served import served_by

Json = Any

_PASSES = 30


@operation(
    "POST",
    "/finetune",
    summary="Teach the model a conversation",
    tag="model",
    facts=Facts(
        scope="admin",
        query=("epochs", "batch_size"),
        body=list[dict[str, Json]],
        statuses=(204,),
        errors=(WRONG_EVENTS, NOTHING_LEARNS),
        store=False,
    ),
)
async def finetune(request: AnyRequest) -> None:
    """Serve a model that also does what was done in a conversation, given by all its events.

    `epochs` (30) is the most passes over it; `batch_size` changes nothing for one conversation.
    The model's file stays as it is, and `POST /model/rollback` takes the lesson back.
    """
    served = served_by(request)
    settings = served.settings
    passes = query.count(request, "epochs", settings, default=_PASSES)
    query.count(request, "batch_size", settings, default=0)
    packed = served_model(served)
    body = await read_json(request)
    events = any_number(body, now=served.now(), legacy=settings.is_legacy, skip_unnamed=False)
    teach = partial(taught, packed, events, passes=min(passes, 1000), model_id=uuid.uuid4().hex)
    await served.service.keeper.serve(await asyncio.to_thread(teach))


API = (finetune,)
