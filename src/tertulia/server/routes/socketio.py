"""The Socket.IO channel's sign of life. Its clients connect elsewhere: `server/sockets`.

Source: spec channels.md section 1.
"""

from tertulia.server.body import AnyRequest
from tertulia.server.declare import Facts, operation
from tertulia.server.routes.webhooks import Health


@operation(
    "GET",
    "/webhooks/socketio",
    summary="Whether the Socket.IO channel is there",
    tag="channels",
    facts=Facts(scope="open", answer=Health, model=False, store=False),
)
async def health(request: AnyRequest) -> Health:
    """Answer that the channel is mounted."""
    return Health("ok")


CHANNELS = (health,)
