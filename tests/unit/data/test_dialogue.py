"""Conversations as lines that a person reads."""

from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    FollowupAction,
    Restarted,
    SlotSet,
    UserUttered,
)
from tertulia.data.dialogue import dialogue


def said(intent: str | None, text: str | None = None, **entities: object) -> UserUttered:
    listed = [{"entity": name, "value": value} for name, value in entities.items()]
    parse_data = {"intent": {"name": intent}, "entities": listed, "text": text}
    return UserUttered(text=text, parse_data=parse_data)


def test_each_thing_that_happens_is_a_line() -> None:
    events = [
        ActionExecuted(name="..."),
        ActionExecuted(name="action_listen"),
        said("book", city="Rome"),
        SlotSet(name="city", value="Rome"),
        ActionExecuted(name="trip"),
        ActiveLoop(name="trip"),
        ActiveLoop(name=None),
        ActionExecuted(action_text="Where?"),
        FollowupAction(name="utter_bye"),
        Restarted(),
    ]
    assert dialogue(events) == (
        "...",
        'user: book{"city": "Rome"}',
        'slot: city = "Rome"',
        "bot: trip",
        "form: trip",
        "form: none",
        'bot: "Where?"',
        "next: utter_bye",
        "bot: restart",
    )


def test_a_message_without_an_intent_is_shown_by_its_text() -> None:
    assert dialogue([said(None, "hello")]) == ('user: "hello"',)


def test_it_ends_before_the_very_event_asked_for() -> None:
    first, second = ActionExecuted(name="utter_x"), ActionExecuted(name="utter_x")
    assert dialogue([first, said("greet"), second], second) == ("bot: utter_x", "user: greet")
