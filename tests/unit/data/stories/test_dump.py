from collections.abc import Sequence

from tests.unit.data.stories.reading import read_text

from tertulia.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    Event,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserFeaturization,
    UserUtteranceReverted,
    UserUttered,
)
from tertulia.data.stories.dump import Dialogue, dump_markdown, dump_yaml, sessions

Entity = dict[str, object]


def said(intent: str | None, text: str, *entities: Entity) -> UserUttered:
    data = {"intent": {"name": intent, "confidence": 1.0}, "entities": list(entities)}
    return UserUttered(text=text, parse_data=data)


def ran(name: str) -> ActionExecuted:
    return ActionExecuted(name=name)


LISTEN = ran("action_listen")
START = [ran("action_session_start"), SessionStarted(), LISTEN]


def markdown(events: Sequence[Event], **options: bool) -> str:
    return dump_markdown(Dialogue("d", events), **options)


def test_yaml_shows_messages_actions_slots_and_loops():
    city = {"entity": "city", "value": "Rome", "start": 3, "end": 7}
    events = [
        *START,
        said("book", "to Rome", city),
        SlotSet(name="city", value="Rome"),
        UserFeaturization(use_text_for_featurization=False),
        ran("form_a"),
        ActiveLoop(name="form_a"),
        BotUttered(text="where from?"),
        LISTEN,
        ran("action_unlikely_intent"),
        UserUtteranceReverted(),
        ActiveLoop(name=None),
    ]
    assert (
        dump_yaml([Dialogue("d", events)])
        == """version: "3.1"
stories:
- story: d
  steps:
  - intent: book
    user: |-
      to [Rome](city)
  - slot_was_set:
    - city: Rome
  - action: form_a
  - active_loop: form_a
  - active_loop: null
"""
    )


def test_yaml_leaves_the_intent_out_when_the_text_decided():
    events = [
        said("book", "soup"),
        UserFeaturization(use_text_for_featurization=True),
        ActionExecuted(action_text="Here you are."),
        said("book", "soup"),
    ]
    written = dump_yaml([Dialogue("d", events)])
    assert "  - user: |-\n      soup\n  - bot: Here you are.\n  - intent: book\n" in written


def test_yaml_notes_stand_at_the_end_of_the_line():
    events = [said("a", "x"), ran("utter_a")]
    written = dump_yaml([Dialogue("d", events, {0: "predicted: b: x", 1: "predicted: utter_b"})])
    assert "  - intent: a  # predicted: b: x\n" in written
    assert "  - action: utter_a  # predicted: utter_b\n" in written
    assert read_text(written, file="test_d.yml")[1].problems == []


def test_any_text_survives_a_dump_to_yaml():
    texts = [
        "two\nlines",
        " padded ",
        "",
        "tab\there",
        "[a](b",
        "# no: comment",
        "\x07",
        "- x",
        "|",
    ]
    written = dump_yaml([Dialogue("d", [said("a", text) for text in texts])])
    data, diagnostics = read_text(written, file="test_d.yml")
    assert diagnostics.problems == []
    read = [e.event.text for e in data.stories[0].events() if isinstance(e.event, UserUttered)]
    assert read == [text.strip() for text in texts]


def test_a_conversation_is_cut_at_its_session_starts():
    assert [d.name for d in sessions("d", [*START, said("a", "a")])] == ["d"]
    two = sessions("d", [SlotSet(name="a"), *START, said("a", "a"), *START])
    assert [(d.name, len(d.events)) for d in two] == [("d, story 1", 5), ("d, story 2", 3)]
    assert sessions("d", []) == [Dialogue("d", [])]


def test_dialogues_without_events_are_valid_yaml():
    assert read_text(dump_yaml([]))[1].problems == []
    assert [p.code for p in read_text(dump_yaml([Dialogue("d", [])]))[1].problems] == ["T318"]


def test_markdown_shows_messages_with_marked_entities():
    city = {"entity": "city", "value": "Rome", "start": 3, "end": 7}
    four = {"entity": "people", "value": 4, "start": 12, "end": 16}
    events = [LISTEN, said("book", "to Rome for four", four, city), ran("utter_hi"), LISTEN]
    assert markdown(events) == (
        "## d\n* book: to [Rome](city) for [four](people:4)\n    - utter_hi\n"
    )


def test_markdown_without_messages_shows_intents_and_entities():
    tags = [{"entity": "tag", "value": v, "start": 0, "end": 1} for v in ("a", "b")]
    assert markdown([said("book", "a b", *tags)], end_to_end=False) == (
        '## d\n* book{"tag": ["a", "b"]}\n'
    )


def test_turns_that_a_form_expects_are_marked():
    events = [
        said("book", "book"),
        ran("form_a"),
        ActiveLoop(name="form_a"),
        SlotSet(name="requested_slot", value="city"),
        LISTEN,
        said("inform", "Rome"),
        SlotSet(name="city", value="Rome"),
        ran("form_a"),
        ActiveLoop(name=None),
    ]
    assert (
        markdown(events)
        == """## d
* book: book
    - form_a
    - form{"name": "form_a"}
    - slot{"requested_slot": "city"}
* form: inform: Rome
    - slot{"city": "Rome"}
    - form: form_a
    - form{"name": null}
"""
    )


def test_turns_that_a_form_rejects_are_shown_and_its_return_is_marked():
    events = [
        ActiveLoop(name="form_a"),
        said("chat", "hm"),
        ActionExecutionRejected(name="form_a"),
        LoopInterrupted(is_interrupted=True),
        ran("utter_chat"),
        ran("form_a"),
        LISTEN,
        said("stop", "stop"),
        ActionExecutionRejected(name="form_a"),
        ran("utter_sure"),
        LISTEN,
        said("no", "no"),
        ran("form_a"),
    ]
    assert (
        markdown(events)
        == """## d
    - form{"name": "form_a"}
* chat: hm
    - utter_chat
    - action_listen
    - form_a
* stop: stop
    - utter_sure
    - action_listen
* form: no: no
    - form: form_a
"""
    )


def test_markdown_notes_are_comments():
    events = [said("a", "x"), ran("utter_a")]
    written = dump_markdown(Dialogue("d", events, {1: "predicted:\nutter_b-->"}))
    assert written.endswith("    - utter_a   <!-- predicted: utter_b-- > -->\n")


def test_places_of_entities_that_make_no_sense_are_left_out():
    wrong = [
        {"entity": "a", "value": 1, "start": 5, "end": 2},
        {"entity": "a", "value": 1, "start": None, "end": 2},
        {"entity": "a", "value": 1, "start": 0, "end": 99},
        {"entity": "a", "value": 1},
    ]
    assert markdown([said("a", "text", *wrong)]) == "## d\n* a: text\n"


def test_a_noted_action_has_a_line_even_if_stories_leave_it_out():
    events = [LISTEN, said("greet", "hello"), LISTEN]
    dialogue = Dialogue("d", events, {2: "predicted: utter_a"})
    assert dump_yaml([dialogue]).endswith("  - action: action_listen  # predicted: utter_a\n")
    written = dump_markdown(dialogue)
    assert written.endswith("    - action_listen   <!-- predicted: utter_a -->\n")
    assert written.count("action_listen") == 1


def test_yaml_lists_the_entities_of_a_message_without_text():
    entities: list[Entity] = [{"entity": "city", "value": "Rome", "role": "to"}]
    data = {"intent": {"name": "book"}, "entities": entities}
    events = [UserUttered(text=None, parse_data=data)]
    assert (
        dump_yaml([Dialogue("d", events)])
        == """version: "3.1"
stories:
- story: d
  steps:
  - intent: book
    entities:
    - city: Rome
      role: to
"""
    )
