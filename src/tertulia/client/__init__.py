"""A typed client of the HTTP API, sync and async: `Client`, `AsyncClient`.

    from tertulia.client import Client

    with Client("http://localhost:5005") as client:
        for message in client.conversation("me").say("hello"):
            print(message.text)

Importing it loads no HTTP library; that comes with the first client.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tertulia.client.errors import ServerRefused, ServerUnreachable, UnreadableAnswer

if TYPE_CHECKING:
    from tertulia.client.async_client import AsyncClient, AsyncConversation
    from tertulia.client.sync_client import Client, Conversation

__all__ = [
    "AsyncClient",
    "AsyncConversation",
    "Client",
    "Conversation",
    "ServerRefused",
    "ServerUnreachable",
    "UnreadableAnswer",
]

_LAZY = {
    "Client": "sync_client",
    "Conversation": "sync_client",
    "AsyncClient": "async_client",
    "AsyncConversation": "async_client",
}


def __getattr__(name: str) -> Any:
    """Return a client, whose library is loaded now."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
