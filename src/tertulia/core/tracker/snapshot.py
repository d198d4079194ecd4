"""A conversation's state as bytes, so that loading it costs the tail and not its length.

A snapshot holds what the fold cannot know without older events. Rule: it is only read under the
same tracker rules it was taken under; otherwise the whole log is folded again.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import Event, UserUttered
from tertulia.core.events.codec import decode_stored, encode
from tertulia.core.tracker.apply import apply
from tertulia.core.tracker.history import Node, loops_decided
from tertulia.core.tracker.past import Past, PastRecord, pack_past, unpack_past
from tertulia.core.tracker.state import LoopState, State, TrackerRules
from tertulia.core.tracker.tracker import Tracker

Json = Any
_FORMAT = 1
_MOST_KEPT = 256


class _StateRecord(msgspec.Struct, frozen=True):
    slots: dict[str, Json]
    slots_set: list[str]
    latest_message: dict[str, Json]
    use_text: bool | None
    latest_action: str | None
    latest_action_is_text: bool
    followup: str | None
    paused: bool
    loop: LoopState | None


class _Record(msgspec.Struct, frozen=True):
    format: int
    live: _StateRecord
    applied: _StateRecord | None
    version: int
    latest_event_time: float | None
    latest_input_channel: str | None
    last_event: dict[str, Json] | None
    last_execution: dict[str, Json] | None
    loops: list[str]
    run_length: int
    recent_turns: list[dict[str, Json]]
    root: _StateRecord | None = None
    kept: list[dict[str, Json]] = []
    past: PastRecord | None = None


_decoder = msgspec.json.Decoder(_Record)


def dump_snapshot(
    tracker: Tracker, past_at: Callable[[Node], Past | None] = lambda _: None
) -> bytes:
    """Return the tracker's state as JSON bytes.

    Of the events in force only the newest few are part of it, those that tell whether a form
    goes on. past_at: what policies will need to know of those up to a node.
    """
    same = tracker.state is tracker.applied.state
    cut = loops_decided(tracker.applied, _MOST_KEPT) if tracker.loops else tracker.applied
    past = past_at(cut)
    return msgspec.json.encode(
        _Record(
            format=_FORMAT,
            live=_pack(tracker.state),
            applied=None if same else _pack(tracker.applied.state),
            version=tracker.version,
            latest_event_time=tracker.latest_event_time,
            latest_input_channel=tracker.latest_input_channel,
            last_event=_pack_event(tracker.last_event),
            last_execution=_pack_event(tracker.last_execution),
            loops=sorted(tracker.loops),
            run_length=tracker.run_length,
            recent_turns=[encode(event) for event in tracker.recent_turns],
            root=None if cut is tracker.applied else _pack(cut.state),
            kept=[encode(event) for event in _events_after(cut, tracker.applied)],
            past=None if past is None else pack_past(past),
        )
    )


def load_snapshot(sender_id: str, rules: TrackerRules, data: bytes) -> Tracker:
    """Return the tracker a snapshot was taken of; most events before it are not loaded.

    Raises:
        StoreUnavailable: the bytes are no snapshot of this version.
    """
    try:
        record = _decoder.decode(data)
        past = None if record.past is None else unpack_past(record.past)
    except (msgspec.MsgspecError, IndexError) as error:
        raise StoreUnavailable(f"a stored snapshot is damaged: {error}") from error
    live = _unpack(record.live)
    applied = live if record.applied is None else _unpack(record.applied)
    root = applied if record.root is None else _unpack(record.root)
    top = Node(None, None, root, truncated=True, past=past)
    for raw in record.kept:
        event = decode_stored(raw)
        top = Node(event, top, apply(top.state, event, rules))
    return Tracker(
        sender_id=sender_id,
        rules=rules,
        state=top.state if record.applied is None else live,
        applied=top,
        version=record.version,
        latest_event_time=record.latest_event_time,
        latest_input_channel=record.latest_input_channel,
        last_event=_unpack_event(record.last_event),
        last_execution=_unpack_event(record.last_execution),
        loops=frozenset(record.loops),
        run_length=record.run_length,
        recent_turns=tuple(decode_stored(raw) for raw in record.recent_turns),
    )


def _events_after(root: Node, top: Node) -> list[Event]:
    found: list[Event] = []
    node = top
    while node is not root and node.previous is not None:
        if node.event is not None:
            found.append(node.event)
        node = node.previous
    found.reverse()
    return found


def trim(
    tracker: Tracker, keep: int, past_at: Callable[[Node], Past | None] = lambda _: None
) -> Tracker:
    """Return the same conversation with a shorter history, so that it stays small in memory.

    The newest `keep` events stay; of those before, only as many landmarks, which hide what lies
    between them in their state. past_at: what policies need to know of the rest. Cost: O(keep).
    """
    if tracker.applied.size <= 2 * keep:
        return tracker
    kept: list[tuple[Event | None, State]] = []
    node = tracker.applied
    while len(kept) < keep and node.previous is not None:
        kept.append((node.event, node.state))
        node = node.previous
    while len(kept) < 2 * keep and node.head.previous is not None:
        kept.append((node.head.event, node.state))
        node = node.head.previous
    top = Node(None, None, node.state, truncated=True, past=past_at(node))
    for event, state in reversed(kept):
        top = Node(event, top, state)
    return msgspec.structs.replace(tracker, applied=top)


def _pack(state: State) -> _StateRecord:
    return _StateRecord(
        slots=state.slots,
        slots_set=sorted(state.slots_set),
        latest_message=encode(state.latest_message),
        use_text=state.use_text,
        latest_action=state.latest_action,
        latest_action_is_text=state.latest_action_is_text,
        followup=state.followup,
        paused=state.paused,
        loop=state.loop,
    )


def _unpack(record: _StateRecord) -> State:
    message = decode_stored(record.latest_message)
    return State(
        slots=record.slots,
        slots_set=frozenset(record.slots_set),
        latest_message=message if isinstance(message, UserUttered) else UserUttered(parse_data={}),
        use_text=record.use_text,
        latest_action=record.latest_action,
        latest_action_is_text=record.latest_action_is_text,
        followup=record.followup,
        paused=record.paused,
        loop=record.loop,
    )


def _pack_event(event: Event | None) -> dict[str, Json] | None:
    return None if event is None else encode(event)


def _unpack_event(raw: dict[str, Json] | None) -> Event | None:
    return None if raw is None else decode_stored(raw)
