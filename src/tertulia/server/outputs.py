"""Where the bot speaks when a request names a channel instead of listening itself.

Source: spec http_api.md section 5 (`output_channel`).
"""

from msgspec import UNSET, UnsetType

from tertulia.adapters.channels.collector import Collector, Message
from tertulia.core.domain.model import Generation
from tertulia.core.ports import OutputChannel
from tertulia.engine.terms import AlreadyDone
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.served import Served
from tertulia.server.terms import Keep, kept_messages, messages_of, nothing_said

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


def keep_of(output: OutputChannel, conversation_id: str, generation: Generation) -> Keep:
    """Return what to keep of what is said, to answer a request again."""
    is_heard = isinstance(output, Collector)
    return messages_of(conversation_id, generation) if is_heard else nothing_said


def heard(output: OutputChannel, before: AlreadyDone | None) -> list[Message] | UnsetType:
    """Return the messages for the answer; none at all when they went to a channel alone.

    before: what the request did when it was sent the first time.
    """
    if not isinstance(output, Collector):
        return UNSET
    return output.messages if before is None else kept_messages(before)
