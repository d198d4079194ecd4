"""Checks the answers of the reservation form, and makes the reservation."""

import hashlib
from typing import Any

from rasa_sdk import Action, FormValidationAction, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

CUISINES = {"basque", "indian", "italian", "thai"}
MOST_GUESTS = 12
FORM_SLOTS = ("cuisine", "guests", "terrace", "wishes")


class ValidateTableForm(FormValidationAction):
    """Keeps what the kitchen can do; asks again for the rest."""

    def name(self) -> str:
        return "validate_table_form"

    def validate_cuisine(
        self,
        slot_value: Any,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        wanted = str(slot_value).lower()
        if wanted in CUISINES:
            return {"cuisine": wanted}
        dispatcher.utter_message(response="utter_unknown_cuisine", cuisine=wanted)
        return {"cuisine": None}

    def validate_guests(
        self,
        slot_value: Any,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> dict[str, Any]:
        text = str(slot_value)
        if text.isdigit() and 1 <= int(text) <= MOST_GUESTS:
            return {"guests": int(text)}
        dispatcher.utter_message(response="utter_wrong_guests")
        return {"guests": None}


class BookTable(Action):
    """Makes the reservation, says its reference, and empties the form for the next one."""

    def name(self) -> str:
        return "action_book_table"

    def run(
        self,
        dispatcher: CollectingDispatcher,
        tracker: Tracker,
        domain: dict[str, Any],
    ) -> list[dict[str, Any]]:
        answers = {slot: tracker.get_slot(slot) for slot in FORM_SLOTS}
        reference = _reference(tracker.sender_id, answers)
        dispatcher.utter_message(response="utter_booked", booking_reference=reference, **answers)
        return [SlotSet("booking_reference", reference), *(SlotSet(s, None) for s in FORM_SLOTS)]


def _reference(sender_id: str, answers: dict[str, Any]) -> str:
    """Return the same six characters for the same guest and the same answers."""
    text = f"{sender_id} {sorted(answers.items())}"
    return hashlib.sha256(text.encode()).hexdigest()[:6].upper()
