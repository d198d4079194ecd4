from tertulia.base.diagnostics import Diagnostics
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.data.stories.build import steps_of
from tertulia.data.stories.markdown import read_markdown
from tertulia.data.stories.model import GENERATED_OR, STORY_START, StoryStep


def steps(text: str) -> list[StoryStep]:
    return steps_of(read_markdown(text, file="s.md", diagnostics=Diagnostics())[0])


def shape(step: StoryStep) -> tuple[list[str], list[str], list[str]]:
    names = [
        e.event.name or "" if isinstance(e.event, ActionExecuted) else e.event.intent_name or ""
        for e in step.events
        if isinstance(e.event, (ActionExecuted, UserUttered))
    ]
    starts = [c.name for c in step.start_checkpoints]
    return starts, names, [c.name for c in step.end_checkpoints]


def test_a_story_without_checkpoints_is_one_step_from_the_start():
    assert [shape(s) for s in steps("## s\n* a\n- x")] == [([STORY_START], ["a", "x"], [])]


def test_checkpoints_before_content_start_and_after_content_end():
    text = "## s\n> one\n> two\n* a\n> three"
    assert [shape(s) for s in steps(text)] == [(["one", "two"], ["a"], ["three"])]


def test_a_checkpoint_in_the_middle_ends_one_step_and_starts_the_next():
    assert [shape(s) for s in steps("## s\n* a\n> c\n- x")] == [
        ([STORY_START], ["a"], ["c"]),
        (["c"], ["x"], []),
    ]


def test_two_checkpoints_at_the_end_lead_to_both():
    assert [shape(s) for s in steps("## s\n* a\n> c\n> d")] == [([STORY_START], ["a"], ["c", "d"])]


def test_alternatives_give_a_step_each_and_go_on_together():
    first, second, rest = steps("## s\n* a\n- x\n* b OR c\n- y")
    name = first.end_checkpoints[0].name
    assert name.startswith(GENERATED_OR)
    assert shape(first) == ([STORY_START], ["a", "x", "b"], [name])
    assert shape(second) == ([STORY_START], ["a", "x", "c"], [name])
    assert shape(rest) == ([name], ["y"], [])


def test_alternatives_at_the_end_end_the_story():
    assert [shape(s) for s in steps("## s\n* b OR c")] == [
        ([STORY_START], ["b"], []),
        ([STORY_START], ["c"], []),
    ]


def test_a_checkpoint_right_after_alternatives_takes_the_place_of_the_generated_one():
    assert [shape(s) for s in steps("## s\n* b OR c\n> d\n- x")] == [
        ([STORY_START], ["b"], ["d"]),
        ([STORY_START], ["c"], ["d"]),
        (["d"], ["x"], []),
    ]


def test_generated_names_depend_on_what_is_said_alone():
    text = "## s\n* b OR c\n- x"
    assert [shape(s) for s in steps(text)] == [shape(s) for s in steps("\n\n" + text)]
    assert shape(steps("## s\n* c OR b\n- x")[0])[2] == shape(steps(text)[0])[2]
    assert shape(steps("## s\n* b OR d\n- x")[0])[2] != shape(steps(text)[0])[2]


def test_a_story_of_checkpoints_alone_has_no_steps():
    assert steps("## s\n> a\n> b") == []


def test_texts_beside_an_intent_are_not_learned():
    (step,) = steps("## s\n* greet")
    said = step.events[0].event
    assert isinstance(said, UserUttered)
    assert said.text is None
