from collections import Counter
from typing import Any, cast

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.events import SlotSet
from tertulia.core.ports import Loaded
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.turnstile import Turnstile
from tests.unit.engine.stage import Echo, StandInModel, Ticking, echo_domain


class CountingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.loads: Counter[str] = Counter()

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        self.loads[sender_id] += 1
        return await super().load_tail(sender_id, fingerprint=fingerprint, window=window)


async def test_live_conversations_have_no_more_events_together_than_told() -> None:
    store = CountingStore()
    conversations = Conversations(store, Ticking(), turnstile=Turnstile(), keep_events=20)
    assistant = Assistant(cast(Any, StandInModel(echo_domain(), Echo())))
    for sender in ("old", "middle", "new", "new", "middle", "old"):
        async with conversations.turn(sender, assistant) as conversation:
            await conversation.note([SlotSet(name="x", value=n) for n in range(4)])
    assert store.loads == {"old": 1, "middle": 1, "new": 1}
    async with conversations.turn("new", assistant) as conversation:
        await conversation.note([SlotSet(name="x", value=0)])
    assert store.loads["new"] == 2
