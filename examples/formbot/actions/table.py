"""Checks the answers of the reservation form, and makes the reservation."""

import hashlib

from tertulia.actions import Action, Context, FormValidation

CUISINES = {"basque", "indian", "italian", "thai"}
MOST_GUESTS = 12
FORM_SLOTS = ("cuisine", "guests", "terrace", "wishes")


class ValidateTable(FormValidation):
    """Keeps what the kitchen can do; asks again for the rest."""

    form = "table_form"

    async def validate_cuisine(self, value: object, ctx: Context) -> str | None:
        wanted = str(value).lower()
        if wanted in CUISINES:
            return wanted
        await ctx.say("utter_unknown_cuisine", cuisine=wanted)
        return None

    async def validate_guests(self, value: object, ctx: Context) -> int | None:
        text = str(value)
        if text.isdigit() and 1 <= int(text) <= MOST_GUESTS:
            return int(text)
        await ctx.say("utter_wrong_guests")
        return None


class BookTable(Action):
    """Makes the reservation, says its reference, and empties the form for the next one."""

    name = "action_book_table"

    async def run(self, ctx: Context) -> None:
        answers = {slot: ctx.slots.get(slot) for slot in FORM_SLOTS}
        reference = _reference(ctx.conversation_id, answers)
        await ctx.say("utter_booked", booking_reference=reference, **answers)
        ctx.set_slot("booking_reference", reference)
        for slot in FORM_SLOTS:
            ctx.set_slot(slot, None)


def _reference(conversation_id: str, answers: dict[str, object]) -> str:
    """Return the same six characters for the same guest and the same answers."""
    text = f"{conversation_id} {sorted(answers.items())}"
    return hashlib.sha256(text.encode()).hexdigest()[:6].upper()
