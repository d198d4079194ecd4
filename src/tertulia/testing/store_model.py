"""What a tracker store should answer, computed in the plainest way, and random things to ask it.

Rule: the model is so simple that one can see that it is right. Needs Hypothesis.
"""

from collections.abc import Awaitable, Sequence

import msgspec
from hypothesis import strategies as st

from tertulia.base.errors import StoreConflict
from tertulia.core import events as ev
from tertulia.core.events import Event
from tertulia.core.ports import Loaded, Snapshot, TrackerStore

EVERY_EVENT: tuple[Event, ...] = (
    ev.UserUttered(
        timestamp=1.25,
        text="two pizzas",
        parse_data={
            "intent": {"name": "order", "confidence": 0.97},
            "entities": [{"entity": "count", "value": 2, "start": 0, "end": 3}],
        },
        input_channel="rest",
        message_id="5f0c",
        metadata={"model_id": "m", "deep": {"list": [1, None, 2.5, True, "x"]}},
    ),
    ev.UserFeaturization(timestamp=2.0, use_text_for_featurization=True),
    ev.EntitiesAdded(timestamp=3.0, entities=[{"entity": "size", "value": "L"}]),
    ev.BotUttered(timestamp=4.0, text="Which size?", data={"buttons": [{"title": "L"}]}),
    ev.SlotSet(timestamp=5.0, name="size", value={"any": ["json", 2**60, -1.5e300]}),
    ev.SessionStarted(timestamp=6.0),
    ev.SessionEnded(timestamp=7.0),
    ev.Restarted(timestamp=8.0),
    ev.AllSlotsReset(timestamp=9.0),
    ev.UserUtteranceReverted(timestamp=10.0),
    ev.ActionReverted(timestamp=11.0),
    ev.ConversationPaused(timestamp=12.0),
    ev.ConversationResumed(timestamp=13.0),
    ev.FollowupAction(timestamp=14.0, name="action_x"),
    ev.ReminderScheduled(
        timestamp=15.0, date_time="2030-01-01T00:00:00", name="r", intent="wake", entities=[]
    ),
    ev.ReminderCancelled(timestamp=16.0, name="r"),
    ev.StoryExported(timestamp=17.0),
    ev.AgentUttered(timestamp=18.0, text="A person here.", data={}),
    ev.ActionExecuted(timestamp=19.0, name="action_listen", policy="rules", confidence=1.0),
    ev.ActionExecuted(timestamp=20.0, action_text="Hello there", hide_rule_turn=True),
    ev.ActionExecuted(
        timestamp=20.5,
        name="utter_hello",
        policy="rules",
        confidence=1.0,
        trace={
            "policy": "rules",
            "because": {"by": "rule", "name": "hello", "at": "data/rules.yml:3"},
            "others": [{"policy": "learned", "action": "utter_bye", "confidence": 0.25}],
        },
    ),
    ev.ActionExecutionRejected(timestamp=21.0, name="pizza_form"),
    ev.ActiveLoop(timestamp=22.0, name="pizza_form"),
    ev.LoopInterrupted(timestamp=23.0, is_interrupted=True),
)
"""At least one event of every type that clients know."""

STRANGE_EVENTS: tuple[Event, ...] = (
    ev.SlotSet(timestamp=1.0, name="size", extra={"since": "4.0", "more": {"of": [1, "it"]}}),
    ev.UnknownEvent(
        timestamp=2.0,
        name="from_the_future",
        raw={"event": "from_the_future", "timestamp": 2.0, "parts": [{"a": None}], "flag": False},
    ),
    ev.UnknownEvent(timestamp=0.0, name="bare", raw={"event": "bare"}),
)
"""Events with fields, and of types, that this version does not know."""


class Append(msgspec.Struct, frozen=True):
    """Append `count` events with an `expected` that is `off` by this much.

    back: a snapshot goes along, of the version this many events before the new end, if any is.
    """

    sender_id: str
    count: int
    off: int
    fingerprint: str | None
    back: int


class Replace(msgspec.Struct, frozen=True):
    """Replace the log by `count` events with an `expected` that is `off` by this much."""

    sender_id: str
    count: int
    off: int


class Erase(msgspec.Struct, frozen=True):
    """Forget the conversation."""

    sender_id: str


class Tail(msgspec.Struct, frozen=True):
    """Load what follows a snapshot."""

    sender_id: str
    fingerprint: str
    window: int


class Page(msgspec.Struct, frozen=True):
    """List ids."""

    after: str | None
    limit: int


Step = Append | Replace | Erase | Tail | Page

_ids = st.sampled_from(["a", "b", "Z", "ä", "😀", "\uffff", "a b"])
_fingerprints = st.sampled_from(["one", "two"])
_off = st.sampled_from([0, 0, 0, 0, -1, 1])
_counts = st.integers(0, 4)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    st.one_of(
        st.builds(Append, _ids, _counts, _off, st.none() | _fingerprints, st.integers(0, 6)),
        st.builds(Append, st.just("a"), _counts, _off, _fingerprints, st.integers(0, 2)),
        st.builds(Replace, _ids, _counts, _off),
        st.builds(Erase, _ids),
        st.builds(Tail, _ids, _fingerprints, st.integers(0, 8)),
        st.builds(Page, st.none() | _ids, st.integers(0, 5)),
    ),
    max_size=25,
)
"""Random uses of a store by several clients, some of them with a stale version."""


class _Log(msgspec.Struct):
    version: int = 0
    events: list[Event] = msgspec.field(default_factory=list[Event])
    snapshots: list[Snapshot] = msgspec.field(default_factory=list[Snapshot])


class StoreModel:
    """Asks a store and checks each answer against a dictionary of lists."""

    def __init__(self, store: TrackerStore) -> None:
        self._store = store
        self._logs: dict[str, _Log] = {}
        self._said = 0

    async def check(self, steps: Sequence[Step]) -> None:
        """Take the steps one after the other, then compare everything there is."""
        for step in steps:
            match step:
                case Append():
                    await self._append(step)
                case Replace():
                    await self._replace(step)
                case Erase(sender_id):
                    gone = self._logs.pop(sender_id, _Log())
                    assert await self._store.erase(sender_id) == len(gone.events)
                case Tail():
                    await self._tail(step)
                case Page(after, limit):
                    ids = [known for known in sorted(self._logs) if after is None or known > after]
                    found = await self._store.list_conversations(after=after, limit=limit)
                    assert list(found) == ids[:limit]
        await self._compare()

    async def _append(self, step: Append) -> None:
        known = self._logs.get(step.sender_id, _Log())
        events = self._new_events(step.count)
        expected = known.version + step.off
        wanted = expected + len(events) - step.back
        snapshot = None
        # Not before the log's first event: that state is of a log that was replaced.
        if step.fingerprint is not None and wanted > known.version - len(known.events):
            body = f"{step.fingerprint} {wanted} {self._said}".encode()
            snapshot = Snapshot(version=wanted, fingerprint=step.fingerprint, body=body)
        version = await self._write(
            self._store.append(step.sender_id, events, expected=expected, snapshot=snapshot),
            refused=step.off != 0,
        )
        if version is None:
            return
        assert version == expected + len(events)
        if version:
            self._logs[step.sender_id] = known
        known.version = version
        known.events.extend(events)
        if snapshot is not None:
            same = snapshot.version
            known.snapshots = [one for one in known.snapshots if one.version != same]
            known.snapshots.append(snapshot)

    async def _replace(self, step: Replace) -> None:
        known = self._logs.get(step.sender_id, _Log())
        events = self._new_events(step.count)
        version = await self._write(
            self._store.replace(step.sender_id, events, expected=known.version + step.off),
            refused=step.off != 0,
        )
        if version is not None:
            assert version > known.version
            assert version >= known.version + len(events)
            self._logs[step.sender_id] = _Log(version, events)

    async def _tail(self, step: Tail) -> None:
        known = self._logs.get(step.sender_id, _Log())
        found = await self._store.load_tail(
            step.sender_id, fingerprint=step.fingerprint, window=step.window
        )
        assert found.version == known.version
        fitting = [
            snapshot
            for snapshot in known.snapshots
            if snapshot.fingerprint == step.fingerprint
            and snapshot.version <= known.version - step.window
        ]
        newest = max(fitting, key=lambda snapshot: snapshot.version, default=None)
        kept = sorted(known.snapshots, key=lambda snapshot: snapshot.version)[-4:]
        if found.snapshot is None:
            assert newest is None or newest not in kept
            assert list(found.events) == known.events
            return
        assert found.snapshot == newest
        after = known.version - found.snapshot.version
        assert list(found.events) == known.events[len(known.events) - after :]

    async def _write(self, call: Awaitable[int], *, refused: bool) -> int | None:
        try:
            version = await call
        except StoreConflict:
            assert refused
            return None
        assert not refused
        return version

    async def _compare(self) -> None:
        found = await self._store.list_conversations(limit=len(self._logs) + 1)
        assert list(found) == sorted(self._logs)
        for sender_id, known in self._logs.items():
            assert await self._store.version(sender_id) == known.version
            loaded = await self._store.load(sender_id)
            assert loaded == Loaded(version=known.version, events=loaded.events)
            assert list(loaded.events) == known.events

    def _new_events(self, count: int) -> list[Event]:
        """Return events that are unlike all others."""
        self._said += count
        first = self._said - count
        return [ev.SlotSet(timestamp=1.0, name="n", value=first + n) for n in range(count)]
