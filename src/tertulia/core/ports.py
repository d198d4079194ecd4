"""What the engine needs from the outside world. Protocols only, no code."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from tertulia.core.asks import ActionAnswer
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered, Event
from tertulia.core.reminders import Reminder, ScheduleChange
from tertulia.core.understanding import Understanding

Json = Any


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation's state after `version`, for quick loading.

    fingerprint: of the tracker rules it was taken under; it is only used under the same.
    A store keeps at least the newest four of a conversation.
    """

    version: int
    fingerprint: str
    body: bytes


KEPT_RECEIPTS = 256
"""How many receipts of a conversation a store keeps: the newest ones."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """That a request was taken, so that it is not done again when it is sent again.

    key: the client's name for it, its own within the conversation. digest: of what it asks for.
    version: newest sequence number that it wrote, or found when it wrote nothing. opened_at: the
    version that it began with. done: it was carried out to its end. answer: what is needed to
    answer again; opaque to stores.
    """

    key: str
    digest: str
    version: int
    opened_at: int = 0
    done: bool
    answer: bytes = b""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a log. version: newest sequence number of the whole log, 0 when it is unknown.

    first: sequence number of the first of these events, whose numbers grow by 1; `version + 1`
    when there is none.
    """

    version: int
    first: int
    events: Sequence[Event]


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a store knows of a conversation.

    snapshot: None when the events are the whole log. events: those after the snapshot, oldest
    first. version: sequence number of the newest event, 0 for an unknown conversation.
    """

    version: int
    events: Sequence[Event]
    snapshot: Snapshot | None = None


@runtime_checkable
class TrackerStore(Protocol):
    """Append-only log of events per conversation, with a sequence number per event; a schedule.

    Sequence numbers start at 1, grow by 1 and are never used twice, not even after `replace`.
    A call that raised has written nothing.
    """

    async def load(self, sender_id: str) -> Loaded:
        """Return the whole log; version 0 and no events when the conversation is unknown.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        ...

    async def load_tail(self, sender_id: str, *, fingerprint: str, window: int) -> Loaded:
        """Return the newest snapshot with this fingerprint that has at least `window` events
        after it, and those events; the whole log when there is none. Cost: the tail.
        """
        ...

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        *,
        expected: int,
        snapshot: Snapshot | None = None,
        schedule: ScheduleChange | None = None,
        receipt: Receipt | None = None,
    ) -> int:
        """Add events after version `expected`, durably, all or none; return the new version.

        No events: `expected` is checked and returned, nothing is created.
        snapshot: kept beside the log in the same transaction; of a version within the log.
        schedule: made in the same transaction; `rescheduled` tells what the conversation's
        reminders are after it.
        receipt: kept in the same transaction, in place of one with the same key; the newest
        `KEPT_RECEIPTS` of a conversation, by version, are kept.

        Raises:
            StoreConflict: the store holds another version, or the schedule does not hold the
                reminder that `schedule` says has fired; nothing was written.
            StoreUnavailable: it is not known to be written; load before trying again.
        """
        ...

    async def replace(self, sender_id: str, events: Sequence[Event], *, expected: int) -> int:
        """Make these events the whole log, durably; return the new version. Raises as `append`.

        The version grows even when there are no events, so that whoever saw the old log is
        refused. Snapshots of the old log are gone; its reminders stay on the schedule, and its
        receipts are kept.
        """
        ...

    async def read(self, sender_id: str, *, after: int = 0, limit: int) -> Page:
        """Return up to `limit` events, those whose sequence numbers are the next after `after`.

        After a `replace` the log begins with a number above 1; `first` tells. Cost: those events.
        """
        ...

    async def find_receipt(self, sender_id: str, key: str) -> Receipt | None:
        """Return the receipt with this key, None when there is none (any more)."""
        ...

    async def version(self, sender_id: str) -> int:
        """Return the newest sequence number, 0 for an unknown conversation."""
        ...

    async def list_conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return up to `limit` ids in ascending order, those greater than `after`."""
        ...

    async def list_reminders(
        self, *, after: Reminder | None = None, limit: int
    ) -> Sequence[Reminder]:
        """Return up to `limit` reminders of all conversations, the earliest first.

        Order: due, sender_id, name; those greater than `after`, which need not be there any more.
        """
        ...

    async def erase(self, sender_id: str) -> int:
        """Forget a conversation with its snapshots, reminders and receipts.

        Return the number of its events.
        """
        ...

    async def close(self) -> None:
        """Finish what was begun and let go of the store."""
        ...


@runtime_checkable
class ActionServer(Protocol):
    """Runs custom actions."""

    async def run(self, name: str, body: dict[str, Json]) -> ActionAnswer:
        """Run one action. body: the request of spec sdk.md section 1, `domain` included.

        Raises:
            ActionRejected: the action refuses to run.
            ActionServerError: refused, late, or answered something unusable.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class ResponseWriter(Protocol):
    """Words responses elsewhere (a response server)."""

    async def write(self, body: dict[str, Json]) -> dict[str, Json] | None:
        """Return the content for the request of spec endpoints.md section 5, None for nothing.

        Raises:
            ResponseServerError: refused, late, or answered something unusable.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class LanguageServer(Protocol):
    """Understands messages elsewhere (an NLU server)."""

    async def understand(self, text: str, message_id: str, generation: Generation) -> Understanding:
        """Return what a text means. generation: of the bot, whose servers speak as it does.

        Raises:
            LanguageServerError: refused, late, or answered something unusable.
        """
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


@runtime_checkable
class OutputChannel(Protocol):
    """Takes what the bot says to one user. name: as responses' `channel` and events name it."""

    @property
    def name(self) -> str:
        """Return the channel's name."""
        ...

    async def deliver(self, said: BotUttered) -> None:
        """Hand one utterance over; its event is stored already.

        Raises:
            ChannelError: it could not be delivered.
        """
        ...
