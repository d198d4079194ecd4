"""Delivers what is stored to event brokers: at least once, in order within a conversation.

Rule: what is delivered comes from the store's feed, and a broker's place in it is kept in the store
after the broker has confirmed. Nothing waits in memory but the page under way.
"""

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from tertulia.base.border import end_tasks, outcome
from tertulia.base.errors import BrokerUnavailable, ConfigError, MessageRefused, StoreUnavailable
from tertulia.base.ports import Clock
from tertulia.core.brokers import EventBroker, Message, message_of
from tertulia.core.events.codec import Family
from tertulia.core.feed import DurableFeed, FeedEntry
from tertulia.core.ports import TrackerStore
from tertulia.engine.duty import Duty
from tertulia.engine.follow import Following

_log = logging.getLogger("tertulia.brokers")

PAGE = 200
"""Entries that are delivered, and confirmed, at a time."""

_IDLE = 15.0
_NOT_OURS = 1.0
_FIRST_PAUSE = 0.5
LONGEST_PAUSE = 30.0
"""Seconds between two attempts at a broker that does not take messages."""

NO_FEED = "T902"
PREFIX = "broker:"


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand with one broker.

    ours: this process delivers to it, and knows the rest. waiting: entries that it has yet to be
    told. seconds: since the oldest of them was stored. delivered: messages, since the start of
    this process. failures: attempts that failed. refused: messages that it will never take.
    problem: of the last attempt, if that failed.
    """

    name: str
    ours: bool
    waiting: int = 0
    seconds: float = 0.0
    delivered: int = 0
    failures: int = 0
    refused: int = 0
    problem: str | None = None


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """One broker and how it wants to be told. name: of its place in the feed.

    family: in whose form events are sent. longest_pause: seconds between two attempts.
    """

    name: str
    broker: EventBroker
    family: Family = Family.MODERN
    longest_pause: float = LONGEST_PAUSE


class Brokers(msgspec.Struct, frozen=True):
    """Who is told. duty: to tell them, where several serve together."""

    recipients: Sequence[Recipient]
    duty: Duty


class Relay:
    """Delivers to one broker, page by page."""

    def __init__(
        self, to: Recipient, store: DurableFeed, following: Following, duty: Duty, clock: Clock
    ) -> None:
        self._to = to
        self._store = store
        self._following = following
        self._duty = duty
        self._clock = clock
        self._position: int | None = None
        self._delivered = 0
        self._failures = 0
        self._refused = 0
        self._failed_in_a_row = 0
        self._problem: str | None = None
        self._ending = False
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        """Begin to deliver, in the running event loop."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self, patience: float) -> None:
        """Deliver what waits, at most `patience` seconds, unless the broker fails; then end."""
        if self._closed:
            return
        self._closed = self._ending = True
        self._wake.set()
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait((task,), timeout=patience)
            await end_tasks(task)
        await self._to.broker.close()

    def delivery(self) -> Delivery:
        """Return how things stand."""
        return Delivery(
            name=self._to.name,
            ours=self._task is not None and self._duty.is_ours(),
            delivered=self._delivered,
            failures=self._failures,
            refused=self._refused,
            problem=self._problem,
        )

    async def lag(self) -> Delivery:
        """Return how things stand, and what waits.

        Raises:
            StoreUnavailable: the store did not answer.
        """
        known = self.delivery()
        position = (await self._store.cursors.read()).get(PREFIX + self._to.name)
        if not known.ours or position is None:
            return known
        page = await self._store.read_feed(after=position, limit=1)
        if not page:
            return known
        waiting = max(1, await self._store.feed_end() - position)
        since = self._clock.now() if page[0].event is None else page[0].event.timestamp
        seconds = max(0.0, self._clock.now() - since)
        return msgspec.structs.replace(known, waiting=waiting, seconds=seconds)

    async def _run(self) -> None:
        async with self._following.join():
            more = True
            while more or not self._ending:
                more = await self._turn()

    async def _turn(self) -> bool:
        """Deliver a page, or wait a while; return whether it is worth going on at once."""
        if not self._duty.is_ours():
            self._position = None
            await self._rest(_NOT_OURS)
            return False
        result = await outcome(self._step())
        if isinstance(result, Exception):
            await self._rest(self._note_failure(result))
            return False
        if not result and not self._ending:
            await self._idle()
            return True
        return result

    async def _step(self) -> bool:
        """Deliver one page; return whether there was one."""
        position = self._position
        if position is None:
            position = self._position = await self._place()
        page = await self._store.read_feed(after=position, limit=PAGE)
        if not page:
            return False
        await self._publish(page)
        newest = page[-1].position
        cursors = self._store.cursors
        moved = await cursors.move(PREFIX + self._to.name, expected=position, to=newest)
        # Somebody else delivers, too: everything arrives, some of it twice.
        self._position = newest if moved else None
        return True

    async def _place(self) -> int:
        name = PREFIX + self._to.name
        while True:
            found = (await self._store.cursors.read()).get(name)
            if found is not None:
                return found
            await begin(self._store, self._to.name)

    async def _publish(self, page: Sequence[FeedEntry]) -> None:
        made = [message_of(entry, self._to.family) for entry in page]
        messages = [message for message in made if message is not None]
        refused = await deliver(self._to.broker, messages)
        for error in refused:
            _log.error("%s; it is left out for the event broker '%s'", error, self._to.name)
        self._refused += len(refused)
        self._delivered += len(messages) - len(refused)
        if self._problem is not None:
            _log.info("the event broker '%s' takes messages again", self._to.name)
        self._failed_in_a_row, self._problem = 0, None

    def _note_failure(self, error: Exception) -> float:
        """Say what failed, the first time in a row; return how long to wait."""
        known = isinstance(error, (BrokerUnavailable, MessageRefused, StoreUnavailable))
        self._position = None
        self._failures += 1
        pause = min(_FIRST_PAUSE * 2**self._failed_in_a_row, self._to.longest_pause)
        if self._failed_in_a_row == 0:
            _log.error(
                "T903 nothing reaches the event broker '%s' now (%s); it is tried again, and "
                "everything is delivered later",
                self._to.name,
                error if known else type(error).__name__,
                exc_info=None if known else error,
            )
        self._failed_in_a_row = min(self._failed_in_a_row + 1, 16)
        self._problem = getattr(error, "code", "T903")
        return pause

    async def _idle(self) -> None:
        """Wait until more is stored, or the end."""
        moved = asyncio.ensure_future(self._following.moved(self._position or 0, _IDLE))
        ending = asyncio.ensure_future(self._wake.wait())
        try:
            await asyncio.wait((moved, ending), return_when=asyncio.FIRST_COMPLETED)
        finally:
            await end_tasks(moved, ending)

    async def _rest(self, pause: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause):
                await self._wake.wait()


class Outbox:
    """All brokers of a server. duty: to deliver, where several serve together."""

    def __init__(self, relays: Sequence[Relay] = (), duty: Duty | None = None) -> None:
        self._relays = relays
        self._duty = duty

    def start(self) -> None:
        """Begin to deliver."""
        if self._duty is not None:
            self._duty.start()
        for relay in self._relays:
            relay.start()

    async def stop(self, patience: float) -> None:
        """Deliver what waits, at most `patience` seconds, and end."""
        await asyncio.gather(*(relay.stop(patience) for relay in self._relays))
        if self._duty is not None:
            await self._duty.stop()

    def deliveries(self) -> list[Delivery]:
        """Return how things stand with each broker; what waits is not counted."""
        return [relay.delivery() for relay in self._relays]

    async def lags(self) -> list[Delivery]:
        """Return how things stand with each broker, and what waits; not that without the store."""
        try:
            return [await relay.lag() for relay in self._relays]
        except StoreUnavailable:
            return self.deliveries()


async def deliver(broker: EventBroker, messages: Sequence[Message]) -> list[MessageRefused]:
    """Publish messages, without those that the broker will never take; return why for each.

    Raises:
        BrokerUnavailable: some are not known to be delivered.
        MessageRefused: of something that is not among the messages.
    """
    refused: list[MessageRefused] = []
    while messages:
        try:
            await broker.publish(messages)
            break
        except MessageRefused as error:
            left = [message for message in messages if message.id != error.message_id]
            if len(left) == len(messages):
                raise
            refused.append(error)
            messages = left
    return refused


def open_outbox(brokers: Brokers | None, following: Following, clock: Clock) -> Outbox:
    """Return what delivers to these brokers, to nobody where there are none.

    Raises:
        ConfigError: the store that is followed has no feed for them.
    """
    if brokers is None:
        return Outbox()
    store, duty = durable_feed(following.store), brokers.duty
    relays = [Relay(each, store, following, duty, clock) for each in brokers.recipients]
    return Outbox(relays, duty)


def durable_feed(store: TrackerStore) -> DurableFeed:
    """Return the store's feed.

    Raises:
        ConfigError: it has none that brokers could be told from.
    """
    if isinstance(store, DurableFeed):
        return store
    raise ConfigError(
        "event brokers are configured, and this tracker store does not number what it stores",
        hint="Use one of the stores that come with this program, or drop `event_broker`.",
        code=NO_FEED,
    )


async def begin(store: DurableFeed, name: str) -> None:
    """Let a broker's place be the present end of the feed, if it has none yet.

    Raises:
        StoreUnavailable: the store did not answer.
    """
    if PREFIX + name not in await store.cursors.read():
        end = await store.feed_end()
        await store.cursors.move(PREFIX + name, expected=None, to=end)
