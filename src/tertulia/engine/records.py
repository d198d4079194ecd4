"""What is kept of a conversation, beside what a bot makes of it: parts, reminders, erasure."""

from tertulia.core.ports import Page
from tertulia.core.reminders import Reminder
from tertulia.engine.conversations import Conversations
from tertulia.engine.terms import Expected

_PAGE = 500


class Records:
    """Needs no model."""

    def __init__(self, conversations: Conversations) -> None:
        self._conversations = conversations

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number of a conversation, 0 for an unknown one."""
        return await self._conversations.store.version(sender_id)

    async def page(self, sender_id: str, *, after: int, limit: int) -> Page:
        """Return the next events after a sequence number."""
        return await self._conversations.store.read(sender_id, after=after, limit=limit)

    async def reminders(self, sender_id: str) -> list[Reminder]:
        """Return what is on the schedule for a conversation. Cost: the whole schedule."""
        store = self._conversations.store
        found: list[Reminder] = []
        last: Reminder | None = None
        while page := await store.list_reminders(after=last, limit=_PAGE):
            found += [reminder for reminder in page if reminder.sender_id == sender_id]
            last = page[-1]
        return found

    async def erase(self, sender_id: str, expected: Expected | None = None) -> bool:
        """Forget a conversation and all that belongs to it; return whether it was known."""
        store = self._conversations.store
        async with self._conversations.alone(sender_id, expected) as found:
            if expected is not None:
                # Between the check and the erasure another process may write; not after this.
                await store.replace(sender_id, [], expected=found)
            await store.erase(sender_id)
        return found > 0
