"""All conversations: loads them, keeps the live ones at hand, orders their turns."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import msgspec
from msgspec.structs import replace

from tertulia.base.errors import StoreConflict, StoreUnavailable
from tertulia.base.ports import Clock
from tertulia.core.leases import SharedStore
from tertulia.core.observer import UNOBSERVED, Observer
from tertulia.core.ports import TrackerStore
from tertulia.core.redaction import NOTHING_REDACTED, Redaction
from tertulia.core.tracker import Tracker
from tertulia.core.tracker.snapshot import trim
from tertulia.engine.assistant import Assistant
from tertulia.engine.catching_up import catch_up
from tertulia.engine.conversation import WINDOW, Conversation, open_conversation
from tertulia.engine.terms import NO_TERMS, Expected, Terms, check_receipt, wrong_version
from tertulia.engine.turnstile import Turnstile


class _Live(msgspec.Struct, frozen=True):
    """fingerprint: of the rules it was folded by. The assistant itself is not kept alive here.

    stamp: the turnstile's; under another one another process may have changed the conversation.
    """

    tracker: Tracker
    fingerprint: str
    stamp: int


class Conversations:
    """Gives out one conversation at a time to one turn at a time.

    keep: how many live trackers are held in memory; keep_events: how many events they may have
    together (one takes 1 to 2 KB). Loading costs the tail after a snapshot; a live tracker costs
    nothing, or the question for its version where servers of other machines share the store.
    on_schedule: called when a turn has put a reminder on the schedule. on_stored: called after each
    commit. observer: told of each turn. redaction: takes out of events what must not be stored.
    """

    def __init__(
        self,
        store: TrackerStore,
        clock: Clock,
        *,
        turnstile: Turnstile,
        keep: int = 2000,
        keep_events: int = 40_000,
        observer: Observer = UNOBSERVED,
        redaction: Redaction = NOTHING_REDACTED,
    ) -> None:
        self.redaction = redaction
        self.store = store
        self.turnstile = turnstile
        self.observer = observer
        self._shared = isinstance(store, SharedStore)
        self._clock = clock
        self._keep = keep
        self._keep_events = keep_events
        self._held_events = 0
        self._live: OrderedDict[str, _Live] = OrderedDict()
        self.on_schedule: Callable[[], None] = lambda: None
        self.on_stored: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def turn(
        self, sender_id: str, assistant: Assistant, terms: Terms = NO_TERMS
    ) -> AsyncGenerator[Conversation]:
        """Hold a conversation for one turn; others of the same conversation wait.

        What the body noted is stored when it ends, also when it fails.

        Raises:
            AlreadyDone: the terms say once, and it was.
            RequestError: the terms are not met.
            LockTimeout: the conversation was busy too long.
            StoreConflict, StoreUnavailable: what was noted could not be stored.
        """
        with self.observer.turn(sender_id):
            with self.observer.step("admit"):
                await self.turnstile.enter(sender_id)
            try:
                async with self._unit(sender_id, assistant, terms) as conversation:
                    yield conversation
            finally:
                self.turnstile.leave(sender_id)

    @asynccontextmanager
    async def _unit(
        self, sender_id: str, assistant: Assistant, terms: Terms
    ) -> AsyncGenerator[Conversation]:
        with self.observer.step("load"):
            if terms.expected is not None:
                self.forget(sender_id)  # another process may have written since
            conversation = await self._open(sender_id, assistant)
            await self._accept(conversation, terms)
        self.forget(sender_id)
        try:
            yield conversation
        except (StoreConflict, StoreUnavailable) as error:
            conversation.discard()  # what the store did not take is not known to be there
            if terms.expected is not None and isinstance(error, StoreConflict):
                raise wrong_version(await self.store.version(sender_id)) from error
            raise
        finally:
            try:
                await conversation.commit()
            finally:
                if conversation.has_scheduled:
                    self.on_schedule()
        self._remember(conversation, assistant)

    async def _accept(self, conversation: Conversation, terms: Terms) -> None:
        """Check the terms. After loading: a later write of somebody else is then a conflict."""
        conversation.on_stored = self.on_stored
        sender_id = conversation.sender_id
        if terms.once is not None:
            check_receipt(await self.store.find_receipt(sender_id, terms.once.key), terms.once)
            conversation.once = terms.once
        if terms.expected is not None:
            terms.expected.check(conversation.version)

    @asynccontextmanager
    async def alone(self, sender_id: str, expected: Expected | None) -> AsyncGenerator[int]:
        """Hold a conversation whose log is changed as a whole; give its version.

        Raises:
            RequestError: it is not the version that is expected.
        """
        async with self.turnstile.admit(sender_id):
            self.forget(sender_id)
            found = await self.store.version(sender_id)
            if expected is not None:
                expected.check(found)
            try:
                yield found
            except StoreConflict as conflict:
                if expected is None:
                    raise
                raise wrong_version(await self.store.version(sender_id)) from conflict
            self.on_stored()

    @property
    def live(self) -> int:
        """Return how many trackers are held in memory."""
        return len(self._live)

    @property
    def live_events(self) -> int:
        """Return how many events the trackers in memory have together."""
        return self._held_events

    async def peek(self, sender_id: str, assistant: Assistant) -> Conversation:
        """Return a conversation to look at; what is noted in it is not stored."""
        return await self._open(sender_id, assistant)

    def forget(self, sender_id: str) -> None:
        """Drop the live tracker: the stored log was changed by other means."""
        live = self._live.pop(sender_id, None)
        if live is not None:
            self._held_events -= live.tracker.applied.size

    def keep_only(self, fingerprint: str | None) -> None:
        """Drop live trackers that were folded by other rules than these; None drops all."""
        for sender_id, live in list(self._live.items()):
            if live.fingerprint != fingerprint:
                self.forget(sender_id)

    async def _open(self, sender_id: str, assistant: Assistant) -> Conversation:
        tracker = await self._current(sender_id, assistant)
        if tracker is None:
            return await open_conversation(
                sender_id,
                assistant=assistant,
                store=self.store,
                clock=self._clock,
                observer=self.observer,
                redaction=self.redaction,
            )
        return Conversation(
            tracker,
            tracker.version,
            assistant=assistant,
            store=self.store,
            clock=self._clock,
            observer=self.observer,
            redaction=self.redaction,
        )

    async def _current(self, sender_id: str, assistant: Assistant) -> Tracker | None:
        """Return the live tracker as it is by now, None when there is none to go on with."""
        live = self._live.get(sender_id)
        if live is None or live.fingerprint != assistant.fingerprint:
            return None
        if not self._shared and live.stamp == self.turnstile.stamp(sender_id):
            return live.tracker
        return await catch_up(live.tracker, self.store)

    def _remember(self, conversation: Conversation, assistant: Assistant) -> None:
        tracker = conversation.tracker
        if tracker.applied.size > 8 * WINDOW:
            tracker = trim(tracker, 2 * WINDOW, assistant.past)
        self.forget(conversation.sender_id)
        self._live[conversation.sender_id] = _Live(
            replace(tracker, version=conversation.version),
            assistant.fingerprint,
            self.turnstile.stamp(conversation.sender_id),
        )
        self._held_events += tracker.applied.size
        while len(self._live) > self._keep or self._held_events > self._keep_events:
            self.forget(next(iter(self._live)))
