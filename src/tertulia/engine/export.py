"""Sends what is stored to event brokers once more, conversation after conversation.

Source: spec cli.md section 2 (export), endpoints.md section 7 (headers).
"""

from collections.abc import AsyncIterator, Sequence

import msgspec

from tertulia.base.errors import BrokerUnavailable
from tertulia.core.brokers import Message, event_message
from tertulia.core.events.codec import Family, visible
from tertulia.core.ports import Page, TrackerStore
from tertulia.engine.outbox import Recipient, deliver

HEADER = "rasa-export-process-id"
_PAGE = 500


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """What is sent. minimum, maximum: Unix seconds, the latter excluded. offset: seconds added.

    ids: of conversations, None for all. after: those with greater ids only.
    """

    minimum: float | None = None
    maximum: float | None = None
    offset: float = 0.0
    ids: Sequence[str] | None = None
    after: str | None = None

    def has(self, timestamp: float) -> bool:
        """Tell whether an event of this time is sent."""
        return (self.minimum is None or timestamp >= self.minimum) and (
            self.maximum is None or timestamp < self.maximum
        )


class Sent(msgspec.Struct, kw_only=True):
    """What was done so far. finished: the last conversation that was sent whole, in their order.

    problem: why it ended early. refused: messages that a broker never takes.
    """

    conversations: int = 0
    events: int = 0
    refused: int = 0
    finished: str | None = None
    problem: str | None = None


class Exporter:
    """Sends from a store to brokers. process_id: marks the messages of this run."""

    def __init__(
        self, store: TrackerStore, brokers: Sequence[Recipient], *, process_id: str
    ) -> None:
        self._store = store
        self._brokers = brokers
        self._headers = {HEADER: process_id}
        self.sent = Sent()

    async def run(self, wanted: Selection) -> Sent:
        """Send everything wanted, until it is done or a broker fails.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        self.sent.finished = wanted.after
        try:
            async for sender_id in _ids(self._store, wanted):
                await self._send(sender_id, wanted)
                self.sent.conversations += 1
                self.sent.finished = sender_id
        except BrokerUnavailable as error:
            self.sent.problem = str(error)
        return self.sent

    async def _send(self, sender_id: str, wanted: Selection) -> None:
        after = 0
        while True:
            page = await self._store.read(sender_id, after=after, limit=_PAGE)
            if not page.events:
                return
            after = page.first + len(page.events) - 1
            for broker in self._brokers:
                messages = self._messages(sender_id, page, wanted, broker.family)
                self.sent.refused += len(await deliver(broker.broker, messages))
            self.sent.events += sum(wanted.has(event.timestamp) for event in page.events)

    def _messages(
        self, sender_id: str, page: Page, wanted: Selection, family: Family
    ) -> list[Message]:
        return [
            event_message(
                sender_id,
                seq,
                event,
                family=family,
                offset=wanted.offset,
                headers=self._headers,
            )
            for seq, event in enumerate(page.events, page.first)
            if wanted.has(event.timestamp) and visible(event, family)
        ]


async def _ids(store: TrackerStore, wanted: Selection) -> AsyncIterator[str]:
    """Yield the conversations in ascending order."""
    if wanted.ids is not None:
        for sender_id in sorted(set(wanted.ids)):
            if wanted.after is None or sender_id > wanted.after:
                yield sender_id
        return
    after = wanted.after
    while page := await store.list_conversations(after=after, limit=_PAGE):
        for sender_id in page:
            yield sender_id
        after = page[-1]


async def unknown_ids(store: TrackerStore, ids: Sequence[str]) -> list[str]:
    """Return those of the ids that no conversation has."""
    return [sender_id for sender_id in ids if not await store.version(sender_id)]
