import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.events import (
    ActionExecuted,
    ActionReverted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    FollowupAction,
    ReminderScheduled,
    SlotSet,
    UserUttered,
)
from tertulia.data.stories.markdown import Kind, looks_like_stories, read_markdown
from tertulia.data.stories.model import Alternatives, Checkpoint, StepEvent, Story


def read(
    text: str, *, kind: Kind = "train", variables: dict[str, str] | None = None
) -> tuple[list[Story], Diagnostics]:
    diagnostics = Diagnostics()
    stories = read_markdown(
        text, file="s.md", kind=kind, variables=variables, diagnostics=diagnostics
    )
    return stories, diagnostics


def only(text: str) -> Story:
    stories, diagnostics = read(text)
    assert diagnostics.problems == []
    return stories[0]


def event(line: str) -> Event:
    item = only(f"## s\n{line}").items[0]
    assert isinstance(item, StepEvent)
    return item.event


def test_titles_take_any_number_of_marks_on_both_sides():
    stories, _ = read("# one\n- a\n### two ###\n- b")
    assert [story.name for story in stories] == ["one", "two"]


def test_user_line_becomes_a_message_with_entities_and_its_text():
    said = event('* book{"city": "Rome"}')
    assert isinstance(said, UserUttered)
    assert said.text == 'book{"city": "Rome"}'
    assert said.intent == {"name": "book", "confidence": 1.0}
    assert [(e["entity"], e["value"]) for e in said.entities] == [("city", "Rome")]


def test_alternatives_are_split_at_upper_case_or_between_spaces():
    item = only("## s\n* a OR /b or c").items[0]
    assert isinstance(item, Alternatives)
    said = [option[0].event for option in item.options]
    assert [e.intent_name for e in said if isinstance(e, UserUttered)] == ["a", "b or c"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("- utter_hi", ActionExecuted(name="utter_hi")),
        (
            '- utter_hi{"policy": "p", "confidence": 1}',
            ActionExecuted(name="utter_hi", policy="p", confidence=1.0),
        ),
        ('- slot{"a": null}', SlotSet(name="a", value=None)),
        ('- form{"name": "f"}', ActiveLoop(name="f")),
        ('- form{"name": null}', ActiveLoop(name=None)),
        ("- undo", ActionReverted()),
        ("- reset_slots", AllSlotsReset()),
        ('- followup{"name": "action_x"}', FollowupAction(name="action_x")),
        (
            '- reminder{"action": "action_x", "date_time": "2030-01-01T00:00:00", "name": "n"}',
            ReminderScheduled(date_time="2030-01-01T00:00:00", name="n", action="action_x"),
        ),
    ],
)
def test_dash_lines_name_events_and_else_actions(line: str, expected: Event):
    assert event(line) == expected


def test_slot_line_sets_every_slot_it_names():
    story = only('## s\n- slot{"a": 1, "b": [2]}')
    assert [i.event for i in story.items if isinstance(i, StepEvent)] == [
        SlotSet(name="a", value=1),
        SlotSet(name="b", value=[2]),
    ]


def test_checkpoint_has_conditions_and_a_place():
    item = only('## s\n  > here{"vip": true}\n* a').items[0]
    assert isinstance(item, Checkpoint)
    assert (item.name, item.conditions) == ("here", {"vip": True})
    assert str(item.at) == "s.md:2:3"


def test_lines_of_happy_form_paths_are_skipped():
    assert len(only("## s\n* form: inform\n- form: f\n- utter_x").items) == 1


def test_comments_are_cut_out_of_a_line():
    assert event("- utter_<!-- no -->hi <!-- predicted: x -->") == ActionExecuted(name="utter_hi")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("- slot{'a': 1}", "T303"),
        ("- slot{[1]}", "T303"),
        ('- {"a": 1}', "T303"),
        ("> ", "T303"),
        ("- slot{}", "T308"),
        ("- slot", "T308"),
        ("- form", "T308"),
        ('- form{"name": 5}', "T308"),
        ('- a{"confidence": "much"}', "T308"),
        ("- reminder", "T308"),
        ("*", "T306"),
        ("- utter_`x`", "T304"),
    ],
)
def test_a_bad_line_is_an_error_at_its_place_and_the_story_is_kept(line: str, code: str):
    stories, diagnostics = read(f"## s\n* a\n{line}\n- utter_end")
    (problem,) = diagnostics.errors
    assert problem.code == code
    assert problem.hint
    assert problem.at is not None
    assert (problem.at.file, problem.at.line) == ("s.md", 3)
    assert len(stories[0].items) == 2


def test_content_before_the_first_title_is_an_error():
    _, diagnostics = read("* greet\n## s\n- a")
    assert [str(p.at) for p in diagnostics.errors] == ["s.md:1:1"]
    assert diagnostics.errors[0].code == "T302"


@pytest.mark.parametrize(("line", "code"), [("what?", "T305"), ("- topic", "T309")])
def test_a_line_without_effect_is_a_warning(line: str, code: str):
    _, diagnostics = read(f"## s\n- a\n{line}")
    assert [p.code for p in diagnostics.warnings] == [code]


def test_entities_that_are_no_json_leave_the_intent_with_a_warning():
    stories, diagnostics = read("## s\n* a{'x': 1}")
    assert [p.code for p in diagnostics.problems] == ["T306"]
    assert len(stories[0].items) == 1


def test_template_variables_are_replaced():
    stories, diagnostics = read("## s\n- utter_`who`", variables={"who": "me"})
    assert diagnostics.problems == []
    assert [placed.event for placed in stories[0].events()] == [ActionExecuted(name="utter_me")]


def test_test_stories_keep_message_intent_and_annotations():
    stories, diagnostics = read("## s\n* book: to [Rome](city) OR bye: bye", kind="test")
    assert diagnostics.problems == []
    item = stories[0].items[0]
    assert isinstance(item, Alternatives)
    said = item.options[0][0].event
    assert isinstance(said, UserUttered)
    assert said.text == "to Rome"
    assert said.parse_data["true_intent"] == "book"
    assert said.parse_data["true_entities"] == [
        {"start": 3, "end": 7, "entity": "city", "value": "Rome"}
    ]


def test_test_story_line_without_message_is_an_error():
    _, diagnostics = read("## s\n* book", kind="test")
    assert [p.code for p in diagnostics.errors] == ["T307"]


def test_prose_and_nlu_data_do_not_look_like_stories():
    assert looks_like_stories("## s\n* greet\n  - utter_greet\n")
    assert not looks_like_stories("# Readme\n\nThis bot greets.\n\n## Use\n- run\n- stop\nEnd.\n")
    assert not looks_like_stories("## intent:greet\n- hello\n- hi\n")
