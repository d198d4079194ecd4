"""The callback channel over HTTP: messages come in here, what the bot says is posted elsewhere.

Source: spec channels.md section 4.
"""

import logging

from litestar import Response

from tertulia.adapters.channels import rest
from tertulia.engine.terms import AlreadyDone
from tertulia.schema.channels import CALLBACK
from tertulia.server.body import AnyRequest, read_json
from tertulia.server.declare import TEXT, Facts, operation
from tertulia.server.guard import check_reach
from tertulia.server.routes.webhooks import Health, RestMessage
from tertulia.server.served import Served, served_by
from tertulia.server.terms import REPLAYED, nothing_said, once_only

_log = logging.getLogger("tertulia.server")
_DONE = b"success"
_LEGACY_TYPE = "text/html"


@operation(
    "GET",
    "/webhooks/callback",
    summary="Whether the callback channel is there",
    tag="channels",
    facts=Facts(scope="open", answer=Health, model=False, store=False),
)
async def health(request: AnyRequest) -> Health:
    """Answer that the channel is mounted."""
    return Health("ok")


@operation(
    "POST",
    "/webhooks/callback/webhook",
    summary="Say something, and hear the answer elsewhere",
    tag="channels",
    facts=Facts(
        scope="channel",
        headers=("Idempotency-Key",),
        body=RestMessage,
        media_types=(TEXT,),
        model=False,
    ),
)
async def webhook(request: AnyRequest) -> Response[bytes]:
    """Take a message through a turn; what the bot says is posted as it is stored.

    The answer comes after the turn and says `success`.
    """
    served = served_by(request)
    with served.observer.step("receive"):
        body = await read_json(request)
    incoming = rest.parse(body, CALLBACK)
    check_reach(request, incoming.sender_id)
    if served.service.assistant is None:
        _log.warning("T410 a message came in while no model was loaded, and was ignored")
        return _done(served)
    terms = await once_only(request, CALLBACK, nothing_said)
    output = served.service.channels.output_for(CALLBACK, incoming.sender_id)
    try:
        await served.turns.run(served.service.handle(incoming, output, terms))
    except AlreadyDone:
        return _done(served, dict(REPLAYED))
    return _done(served)


def _done(served: Served, headers: dict[str, str] | None = None) -> Response[bytes]:
    kind = _LEGACY_TYPE if served.settings.is_legacy else TEXT
    return Response(_DONE, media_type=kind, headers=headers)


CHANNELS = (health, webhook)
