"""Where the bot speaks when a request names a channel instead of listening itself.

Source: spec http_api.md section 5 (`output_channel`).
"""

from tertulia.adapters.channels.collector import Collector
from tertulia.core.ports import OutputChannel
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.served import Served

_LATEST = "latest"


async def output_of(request: AnyRequest, served: Served, conversation_id: str) -> OutputChannel:
    """Return the channel that the query parameter `output_channel` names.

    `latest`: that of the conversation's newest message. A Collector where there is no such
    channel, or where it cannot be pushed to.
    """
    assistant = served.ready()
    wanted = query.text(request, "output_channel")
    if wanted == _LATEST:
        wanted = await served.service.operations.latest_channel(conversation_id, assistant)
    found = served.service.channels.find(wanted, conversation_id)
    return found or Collector(conversation_id, assistant.generation)
