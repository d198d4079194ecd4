"""What a conversation has beside its log: receipts, and reminders, listed with all others."""

from collections.abc import Mapping

import msgspec

from tertulia.adapters.stores.documents import values
from tertulia.adapters.stores.documents.draft import Draft
from tertulia.core import stored
from tertulia.core.ports import KEPT_RECEIPTS, Receipt
from tertulia.core.reminders import Reminder, ScheduleChange, rescheduled

_NOTHING = b"\x90"
_encode = msgspec.msgpack.Encoder().encode
_decode_order = msgspec.msgpack.Decoder(list[tuple[int, str]]).decode
_decode_bodies = msgspec.msgpack.Decoder(list[bytes]).decode


async def answer(draft: Draft, receipt: Receipt) -> None:
    """Keep a receipt in place of one with its key; the oldest beyond the bound go."""
    name = values.receipt_name(receipt.key)
    order = _decode_order(await draft.own(values.RECEIPT_ORDER) or _NOTHING)
    order = sorted([*((v, n) for v, n in order if n != name), (receipt.version, name)])
    for _, old in order[:-KEPT_RECEIPTS]:
        draft.drop(draft.own_part, old)
    kept = order[-KEPT_RECEIPTS:]
    draft.pack(draft.own_part, values.RECEIPT_ORDER, _encode(kept))
    if (receipt.version, name) in kept:
        draft.pack(draft.own_part, name, stored.encode_receipt(receipt))


async def schedule(draft: Draft, change: ScheduleChange) -> None:
    """Change the conversation's reminders.

    Raises:
        StoreConflict: the reminder that fired is not on the schedule.
    """
    before = await reminders_of(draft)
    after = rescheduled(before, change)
    if after is None:
        raise stored.not_scheduled()
    set_reminders(draft, before, after)


async def reminders_of(draft: Draft) -> dict[str, Reminder]:
    """Return the conversation's reminders by name."""
    bodies = _decode_bodies(await draft.own(values.REMINDERS) or _NOTHING)
    return {each.name: each for each in map(stored.decode_reminder, bodies)}


def set_reminders(
    draft: Draft, before: Mapping[str, Reminder], after: Mapping[str, Reminder]
) -> None:
    """Put reminders on the schedule, and take others off it."""
    for name, each in before.items():
        if after.get(name) != each:
            draft.drop(values.DUE, values.reminder_name(each))
    for name, each in after.items():
        if before.get(name) != each:
            body = stored.encode_reminder(each)
            draft.pack(values.DUE, values.reminder_name(each), body, pieces_in=draft.own_part)
    bodies = list(map(stored.encode_reminder, after.values()))
    draft.pack(draft.own_part, values.REMINDERS, _encode(bodies))
