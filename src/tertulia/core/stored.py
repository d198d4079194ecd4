"""What tracker stores do alike: events to stored JSON and back, checks, and their refusals.

Rule: stores differ in where they keep things, never in what they accept, refuse or return.

Source: spec endpoints.md section 6 (the columns of the originals' table).
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tertulia.base.errors import ConfigError, StoreConflict, StoreUnavailable
from tertulia.core.events import Event, UnknownEvent
from tertulia.core.events.codec import decode_stored, encode
from tertulia.core.ports import Receipt, Snapshot
from tertulia.core.reminders import Reminder, ScheduleChange

KEPT_SNAPSHOTS = 4
"""How many snapshots of a conversation are kept, the newest ones."""

_MOST_CONNECTIONS = 10_000

_encode_json = msgspec.json.Encoder().encode
_decode_json = msgspec.json.Decoder(dict[str, Any]).decode
_decode_reminder = msgspec.json.Decoder(Reminder).decode
_decode_receipt = msgspec.json.Decoder(Receipt).decode


class StoredEvent(msgspec.Struct, frozen=True, gc=False):
    """One event as stores keep it. data: its JSON; the rest says what to find it by.

    intent_name, action_name: as the originals fill these columns, None where there is none.
    """

    type_name: str
    timestamp: float
    intent_name: str | None
    action_name: str | None
    data: str


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation on its way from another store.

    problem: why it cannot be read; it has no events then.
    """

    sender_id: str
    events: Sequence[Event]
    reminders: tuple[Reminder, ...] = ()
    problem: str | None = None


def encode_events(events: Sequence[Event]) -> list[StoredEvent]:
    """Return what to keep of the events; cost grows with them, so do many in a thread.

    Raises:
        StoreUnavailable: an event that JSON cannot carry (T615).
    """
    try:
        return [_stored(event) for event in events]
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise unfit(f"an event is not plain JSON: {error}") from error


def decode_events(bodies: Iterable[str | bytes]) -> tuple[Event, ...]:
    """Return the events of stored JSON.

    Raises:
        StoreUnavailable: a body is no JSON object (T640).
    """
    try:
        return tuple([decode_stored(_decode_json(body)) for body in bodies])
    except msgspec.DecodeError as error:
        raise damaged(f"a stored event is no JSON object: {error}") from error


def encode_reminder(reminder: Reminder) -> bytes:
    """Return a reminder as JSON that reads back the same.

    Raises:
        StoreUnavailable: JSON cannot carry it (T615).
    """
    try:
        body = _encode_json(reminder)
        _decode_reminder(body)
    except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
        raise unfit(f"a reminder is not plain JSON: {error}") from error
    return body


def decode_reminder(body: str | bytes) -> Reminder:
    """Return a stored reminder.

    Raises:
        StoreUnavailable: it is damaged (T640).
    """
    try:
        return _decode_reminder(body)
    except msgspec.MsgspecError as error:
        raise damaged(f"a stored reminder is damaged: {error}") from error


def encode_receipt(receipt: Receipt) -> bytes:
    """Return a receipt as JSON."""
    return _encode_json(receipt)


def decode_receipt(body: str | bytes) -> Receipt:
    """Return a stored receipt.

    Raises:
        StoreUnavailable: it is damaged (T640).
    """
    try:
        return _decode_receipt(body)
    except msgspec.MsgspecError as error:
        raise damaged(f"a stored receipt is damaged: {error}") from error


def check_beside(
    version: int,
    snapshot: Snapshot | None,
    schedule: ScheduleChange | None,
    receipt: Receipt | None,
) -> None:
    """Refuse what an append that ends at `version` cannot bring along.

    Raises:
        ValueError: a snapshot of a version outside the log.
        StoreUnavailable: a reminder or receipt that cannot be stored (T615).
    """
    check_snapshot(snapshot, version)
    check_reminders(schedule)
    if receipt is not None:
        check_text(receipt.key + receipt.digest)


def check_reminders(schedule: ScheduleChange | None) -> None:
    """Refuse a change with a reminder that cannot be stored and read back as it is."""
    for step in schedule.steps if schedule is not None else ():
        if isinstance(step, Reminder):
            encode_reminder(step)


def check_snapshot(snapshot: Snapshot | None, version: int) -> None:
    """Refuse a snapshot of a version outside the log, which ends at `version`.

    Raises:
        ValueError: it is.
    """
    if snapshot is None:
        return
    if not 0 < snapshot.version <= version:
        raise ValueError(f"a snapshot of version {snapshot.version}, the log ends at {version}")
    check_text(snapshot.fingerprint)


def check_text(value: str, *, longest: int | None = None) -> str:
    """Return a conversation's id or another key, if UTF-8 can carry it.

    longest: characters that the store can keep.

    Raises:
        StoreUnavailable: it cannot be stored (T615).
    """
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise unfit(f"text with half a character in it: {error.reason}") from error
    if longest is not None and len(value) > longest:
        raise unfit(f"an id of {len(value)} characters, this store keeps up to {longest}")
    return value


def conflict(sender_id: str, *, found: int, expected: int) -> StoreConflict:
    """Return what to raise when somebody else has written first."""
    return StoreConflict(
        f"the conversation {sender_id[:80]!r} is at version {found}, not {expected}",
        hint="Load it again and repeat the change.",
    )


def not_scheduled() -> StoreConflict:
    """Return what to raise when a reminder that fired is not on the schedule."""
    return StoreConflict("the reminder is not on the schedule any more")


def ordinal(number: float) -> int:
    """Return a number of 64 bits, from 0 on, for a double: greater for a greater one.

    Source: IEEE 754-2019; doubles sort like their bits once the sign is turned around.
    """
    (bits,) = struct.unpack(">Q", struct.pack(">d", number))
    return bits ^ (2**64 - 1) if bits >> 63 else bits | 2**63


def connections(pool_size: int | None, env: Mapping[str, str]) -> int:
    """Return how many connections to a database a server may have.

    pool_size: as configured, counts alone. env: SQL_POOL_SIZE (10) and SQL_MAX_OVERFLOW (0), as
    the originals name what they keep and what they add when that is not enough.

    Raises:
        ConfigError: a variable is no number (T139).
    """
    if pool_size is not None:
        return pool_size
    kept = _whole("SQL_POOL_SIZE", env.get("SQL_POOL_SIZE") or "10", least=1)
    return kept + _whole("SQL_MAX_OVERFLOW", env.get("SQL_MAX_OVERFLOW") or "0", least=0)


def closed() -> StoreUnavailable:
    """Return what to raise when a closed store is asked for something."""
    return refusal("T617", "the tracker store is closed", retry=False)


def unfit(detail: str) -> StoreUnavailable:
    """Return what to raise when a caller's value cannot be stored and read back as it is."""
    return refusal("T615", f"this cannot be stored: {detail}", retry=False)


def damaged(detail: str) -> StoreUnavailable:
    """Return what to raise when a stored part cannot be understood."""
    hint = "Find out what wrote it; restore it from a backup."
    return refusal("T640", f"what is stored is damaged: {detail}", hint=hint, retry=False)


def unreachable(where: str, detail: object) -> StoreUnavailable:
    """Return what to raise when a server does not answer; it is not known what it has done."""
    hint = "Check that it runs, its address, and the network between."
    return refusal("T601", f"{where} does not answer: {_line(detail)}", hint=hint, retry=True)


def rejected(where: str, detail: object, hint: str) -> StoreUnavailable:
    """Return what to raise when a server answers, and does not let us in."""
    return refusal("T642", f"{where} refuses: {_line(detail)}", hint=hint, retry=False)


def foreign(where: str, detail: str, hint: str) -> StoreUnavailable:
    """Return what to raise when a server keeps something that is not ours, or newer."""
    return refusal("T641", f"{where} cannot be used: {detail}", hint=hint, retry=False)


def refusal(code: str, message: str, *, hint: str = "", retry: bool) -> StoreUnavailable:
    """Return an error of a store. retry: the same call may succeed later."""
    error = StoreUnavailable(message, hint=hint, code=code)
    error.retry = retry
    return error


def _stored(event: Event) -> StoredEvent:
    raw = encode(event, trace=True)
    kind = event.name if isinstance(event, UnknownEvent) else event.type_name
    data = _encode_json(raw).decode()
    timestamp = float(event.timestamp)
    return StoredEvent(check_text(kind), timestamp, _intent_of(raw), _named(raw.get("name")), data)


def _intent_of(raw: dict[str, Any]) -> str | None:
    parsed = raw.get("parse_data")
    intent = parsed.get("intent") if isinstance(parsed, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return _named(intent.get("name")) if isinstance(intent, dict) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]


def _line(detail: object) -> str:
    return " ".join(str(detail).split()) or type(detail).__name__


def _whole(name: str, value: str, *, least: int) -> int:
    if value.isascii() and value.isdigit() and least <= int(value) <= _MOST_CONNECTIONS:
        return int(value)
    what = f"{name} must be a whole number from {least} to {_MOST_CONNECTIONS}, got '{value}'"
    raise ConfigError(what, hint="Mend the variable, or leave it out.", code="T139")


def _named(value: object) -> str | None:
    return value if isinstance(value, str) else None
