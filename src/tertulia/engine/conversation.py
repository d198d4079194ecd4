"""One conversation during one turn: what was noted, what is stored, what was said.

Rule: nothing is said before its events are stored.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from tertulia.base.errors import EventRejected, HistoryTruncated
from tertulia.base.ports import Clock
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_SESSION_START,
    ActionExecuted,
    BotUttered,
    Event,
    ReminderCancelled,
    ReminderScheduled,
)
from tertulia.core.events.codec import without_trace
from tertulia.core.observer import UNOBSERVED, Observer
from tertulia.core.ports import OutputChannel, Receipt, Snapshot, TrackerStore
from tertulia.core.redaction import NOTHING_REDACTED, Redaction
from tertulia.core.reminders import Reminder, ScheduleChange, Step, step_of
from tertulia.core.tracker import Tracker, TrackerRules, advance, advance_all, new_tracker
from tertulia.core.tracker.snapshot import dump_snapshot, load_snapshot
from tertulia.engine.assistant import Assistant
from tertulia.engine.terms import Once
from tertulia.engine.texts import tell_texts

_log = logging.getLogger("tertulia.turn")

SNAPSHOT_EVERY = 64
"""Events between two snapshots of a conversation."""

WINDOW = 128
"""Events before the newest one that are loaded even when a snapshot is newer."""


class Conversation:
    """A unit of work: events are noted, committed, and only then delivered.

    tracker: includes what is noted and not yet stored. version: newest stored sequence number.
    channel: where its reminders speak when no user event names a channel. has_scheduled: a
    reminder was put on the schedule and stored. opened_at: the version that was loaded. once: the
    request that is carried out, when it must not be carried out twice. on_stored: called after
    each commit. redaction: takes out of events what must not be stored. unsaved: an older state
    to keep as a snapshot with the next commit, because the store had none that could be used.
    """

    def __init__(
        self,
        tracker: Tracker,
        version: int,
        *,
        assistant: Assistant,
        store: TrackerStore,
        clock: Clock,
        observer: Observer = UNOBSERVED,
        redaction: Redaction = NOTHING_REDACTED,
    ) -> None:
        self._redaction = redaction
        self.tracker = tracker
        self.version = version
        self.committed = False
        self.channel: str | None = None
        self.has_scheduled = False
        self.opened_at = version
        self.once: Once | None = None
        self.unsaved: Tracker | None = None
        self.on_stored: Callable[[], None] = _nothing
        self._said: list[BotUttered] = []
        self._assistant = assistant
        self._store = store
        self._clock = clock
        self._observer = observer
        self._pending: list[Event] = []
        self._to_say: list[BotUttered] = []
        self._fired: Reminder | None = None
        self._steps: list[Step] = []

    @property
    def sender_id(self) -> str:
        """Return whose conversation this is."""
        return self.tracker.sender_id

    @property
    def is_new(self) -> bool:
        """Tell whether the conversation has no events at all."""
        return self.version == 0 and not self._pending

    @property
    def has_no_session(self) -> bool:
        """Tell whether nothing is in force: before the first event and after a restart."""
        applied = self.tracker.applied
        return applied.size == 0 and not applied.truncated

    @property
    def pending(self) -> Sequence[Event]:
        """Return what is noted and not yet stored."""
        return self._pending

    async def note(
        self, events: Sequence[Event], *, restamp: bool = True, schedule: bool = True
    ) -> Tracker:
        """Take events into the conversation; return it. `bot` events wait to be delivered.

        restamp: give each event the present time, as everything gets that the bot itself logs.
        schedule: reminders among them are put on the schedule, or taken off it.
        """
        for event in events:
            told = self._stamp(event, restamp=restamp)
            stamped = self._redaction.event(told)
            # No decision needs explanations, and live conversations are to stay small.
            bare = without_trace(stamped)
            try:
                self.tracker = advance(self.tracker, bare)
            except HistoryTruncated:
                await self.load_whole()
                self.tracker = advance(self.tracker, bare)
            self._pending.append(stamped)
            if isinstance(told, BotUttered) and isinstance(stamped, BotUttered):
                # The user hears what is not kept, not even to answer a repeated request.
                self._to_say.append(told)
                self._said.append(stamped)
            elif schedule and isinstance(stamped, (ReminderScheduled, ReminderCancelled)):
                self._reschedule(stamped)
        return self.tracker

    def take_off(self, fired: Reminder) -> None:
        """Let the next commit take a reminder off the schedule, or fail when it is not on it."""
        self._fired = fired

    async def commit(self, *, last: bool = False) -> None:
        """Store what was noted, durably. last: nothing more will be noted.

        Raises:
            StoreConflict: somebody else wrote to this conversation, or fired its reminder.
            StoreUnavailable: it could not be stored.
        """
        change = ScheduleChange(fired=self._fired, steps=tuple(self._steps))
        finishes = last and self.once is not None
        if self._pending or finishes or change != ScheduleChange():
            with self._observer.step("commit"):
                await self._store_pending(change, last=last)

    async def _store_pending(self, change: ScheduleChange, *, last: bool) -> None:
        version = self.version + len(self._pending)
        taken, self.unsaved = self.unsaved, None
        if taken is None and version // SNAPSHOT_EVERY > self.version // SNAPSHOT_EVERY:
            taken = replace(self.tracker, version=version)
        self.version = await self._store.append(
            self.sender_id,
            self._pending,
            expected=self.version,
            snapshot=None if taken is None else _snapshot(taken, self._assistant),
            schedule=None if change == ScheduleChange() else change,
            receipt=self._receipt(version, done=last),
        )
        tell_texts(self._pending)
        self.tracker = replace(self.tracker, version=self.version)
        self.has_scheduled = self.has_scheduled or bool(self._steps)
        self._pending, self._steps, self._fired = [], [], None
        self.committed = True
        self.on_stored()

    def _receipt(self, version: int, *, done: bool) -> Receipt | None:
        if self.once is None:
            return None
        once = self.once
        return Receipt(
            key=once.key,
            digest=once.digest,
            version=version,
            opened_at=self.opened_at,
            done=done,
            answer=once.answer(self._said) if done else b"",
        )

    async def deliver(self, output: OutputChannel, *, last: bool = False) -> None:
        """Commit, then say what waits to be said. last: nothing more will be noted.

        Raises:
            ChannelError: the channel failed; the events are stored all the same.
        """
        await self.commit(last=last)
        if self._to_say:
            with self._observer.step("say"):
                while self._to_say:
                    await output.deliver(self._to_say.pop(0))

    def discard(self) -> None:
        """Forget what was noted and not stored."""
        self.once = None
        self._pending.clear()
        self._to_say.clear()
        self._steps.clear()
        self._fired = None

    def keep_silent(self) -> None:
        """Forget what waits to be said: it is logged, not spoken."""
        self._to_say.clear()

    async def load_whole(self) -> None:
        """Replace the tracker by the fold of the whole log. Cost: the conversation's length."""
        loaded = await self._store.load(self.sender_id)
        whole = advance_all(new_tracker(self.sender_id, self._assistant.rules), loaded.events)
        self.tracker = advance_all(replace(whole, version=loaded.version), self._pending)

    async def log(self) -> list[Event]:
        """Return every event, stored and noted, oldest first. Cost: the conversation's length."""
        loaded = await self._store.load(self.sender_id)
        return [*loaded.events, *self._pending]

    def dated(self, draft: Sequence[Event]) -> list[Event]:
        """Return events that are not logged yet with the present time, to be shown elsewhere."""
        now = self._clock.now() if draft else 0.0
        return [replace(event, timestamp=event.timestamp or now) for event in draft]

    async def loaded_log(self, first: type[Event], newest: int | None = None) -> Sequence[Event]:
        """Return what the originals have loaded: the newest session as the turn began, and since.

        first: the kind of event that a session begins with, `action_session_start` meant by
        ActionExecuted. In the legacy generation there are no sessions, everything is loaded.
        newest: so many events are enough, so the cost is theirs and not the conversation's.
        """
        log = await self.log() if newest is None else await self._tail(newest)
        if self._assistant.generation is Generation.LEGACY:
            return log
        old = max(0, len(log) - (self.version - self.opened_at + len(self._pending)))
        return [*last_session(log[:old], first), *log[old:]]

    async def _tail(self, newest: int) -> list[Event]:
        """Return at least the newest events, stored and noted, unless there are fewer."""
        loaded = await self._store.load_tail(
            self.sender_id, fingerprint=self._assistant.fingerprint, window=newest
        )
        return [*loaded.events, *self._pending]

    def _stamp(self, event: Event, *, restamp: bool) -> Event:
        if isinstance(event, ReminderScheduled) and not event.name:
            # The originals make up an id; this one is as good and the same in every replay.
            event = replace(event, name=f"reminder-{self.version + len(self._pending) + 1}")
        stamp = self._assistant.stamp
        if not restamp and all(key in event.metadata for key in stamp):
            return event
        timestamp = self._clock.now() if restamp else event.timestamp
        return replace(event, timestamp=timestamp, metadata={**stamp, **event.metadata})

    def _reschedule(self, event: ReminderScheduled | ReminderCancelled) -> None:
        legacy = self._assistant.generation is Generation.LEGACY
        try:
            step = step_of(
                event,
                sender_id=self.sender_id,
                channel=self.tracker.latest_input_channel or self.channel,
                seconds=_as_utc if legacy else datetime.timestamp,
            )
        except EventRejected as error:
            _log.error("%s", error)
            return
        self._steps.append(step)


def _snapshot(tracker: Tracker, assistant: Assistant) -> Snapshot:
    body = dump_snapshot(tracker, assistant.past)
    return Snapshot(version=tracker.version, fingerprint=assistant.fingerprint, body=body)


def _nothing() -> None:
    pass


def _as_utc(time: datetime) -> float:
    """Return Unix seconds; 0.x takes a time without a zone as UTC, later versions as local."""
    return (time if time.tzinfo is not None else time.replace(tzinfo=UTC)).timestamp()


def begins_session(event: Event, first: type[Event]) -> bool:
    """Tell whether a session begins with this event, by the store's way to cut (see `first`)."""
    if isinstance(event, ActionExecuted):
        return first is ActionExecuted and event.name == ACTION_SESSION_START
    return isinstance(event, first)


def last_session(log: Sequence[Event], first: type[Event] = ActionExecuted) -> Sequence[Event]:
    """Return the log from the beginning of its newest session on."""
    for index in range(len(log) - 1, -1, -1):
        if begins_session(log[index], first):
            return log[index:]
    return log


async def open_conversation(
    sender_id: str,
    *,
    assistant: Assistant,
    store: TrackerStore,
    clock: Clock,
    observer: Observer = UNOBSERVED,
    redaction: Redaction = NOTHING_REDACTED,
) -> Conversation:
    """Load a conversation: snapshot and tail, or everything when it is short."""
    loaded = await store.load_tail(sender_id, fingerprint=assistant.fingerprint, window=WINDOW)
    base = _base(sender_id, assistant.rules, loaded.snapshot)
    conversation = Conversation(
        base,
        loaded.version,
        assistant=assistant,
        store=store,
        clock=clock,
        observer=observer,
        redaction=redaction,
    )
    events = loaded.events
    try:
        if loaded.snapshot is None and len(events) >= WINDOW + SNAPSHOT_EVERY:
            # Whoever loads it next shall not have to fold all of it again.
            base, events = advance_all(base, events[:-WINDOW]), events[-WINDOW:]
            conversation.unsaved = replace(base, version=loaded.version - WINDOW)
        tracker = advance_all(base, events)
        conversation.tracker = replace(tracker, version=loaded.version)
    except HistoryTruncated:
        await conversation.load_whole()
    return conversation


def _base(sender_id: str, rules: TrackerRules, snapshot: Snapshot | None) -> Tracker:
    if snapshot is None:
        return new_tracker(sender_id, rules)
    return load_snapshot(sender_id, rules, snapshot.body)
