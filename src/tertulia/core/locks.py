"""What orders the turns of a conversation between processes that serve together. Protocol only."""

from typing import Protocol


class ConversationLocks(Protocol):
    """Lets one process at a time hold a conversation; what a process held is free when it dies.

    Within a process the holders are ordered by whoever asks.
    """

    async def hold(self, sender_id: str, *, patience: float) -> bool:
        """Wait for the conversation, at most `patience` seconds; return whether it is held.

        Raises:
            LockUnavailable: what keeps the locks does not answer.
        """
        ...

    def release(self, sender_id: str) -> None:
        """Let others hold it."""
        ...

    def stamp(self, sender_id: str) -> int:
        """Return a number that another one takes the place of when another process holds it.

        What was known of the conversation under the same number is still true, as far as the
        processes of one machine are concerned; 0 where the locks cannot tell.
        """
        ...

    async def close(self) -> None:
        """Let everything go."""
        ...
