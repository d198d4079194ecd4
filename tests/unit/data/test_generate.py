from collections.abc import Iterator, Sequence
from itertools import pairwise

import pytest
from tests.unit.data.stories.reading import brief, read_text, small_domain

from tertulia.core.domain.model import Generation
from tertulia.core.events import ActionExecuted, ActionReverted
from tertulia.core.states import StateHistory, StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.generate import (
    TrainingEvent,
    TrainingTracker,
    examples,
    generate,
    labelled_moments,
)
from tertulia.data.generate.walk import Walk
from tertulia.data.stories.model import StoryData

LISTEN = "action_listen"


def history(generation: Generation = Generation.MODERN) -> StateHistory:
    return training_history(StateTable(small_domain(generation)))


def run(
    data: StoryData,
    *,
    augmentation: int = 0,
    generation: Generation = Generation.MODERN,
    remove_duplicates: bool = True,
    unique_last_states: int | None = None,
    use_story_concatenation: bool = True,
    seed: int = 42,
) -> Iterator[TrainingTracker]:
    domain = small_domain(generation)
    return generate(
        data,
        domain,
        rules_for(domain),
        augmentation=augmentation,
        states=history(generation),
        remove_duplicates=remove_duplicates,
        unique_last_states=unique_last_states,
        use_story_concatenation=use_story_concatenation,
        seed=seed,
    )


def markdown(text: str, *, generation: Generation = Generation.MODERN, **options: bool):
    return list(run(read_text(text, file="s.md")[0], generation=generation, **options))


def said(training: TrainingTracker) -> list[object]:
    return [brief(event) for event in training.events]


def test_a_story_gets_the_listening_that_it_leaves_out():
    (one,) = markdown("## s\n* greet\n- utter_hi\n* bye\n- utter_bye")
    assert said(one) == [
        LISTEN,
        ("greet", []),
        "utter_hi",
        LISTEN,
        ("bye", []),
        "utter_bye",
        LISTEN,
    ]


def test_written_listening_is_not_doubled():
    (one,) = markdown("## s\n* greet\n- utter_hi\n- action_listen\n* bye\n- action_listen")
    assert said(one) == [LISTEN, ("greet", []), "utter_hi", LISTEN, ("bye", []), LISTEN]


def test_entities_fill_slots_after_the_user_message():
    for generation in Generation:
        (one,) = markdown('## s\n* book{"city": "Rome"}', generation=generation)
        assert said(one) == [LISTEN, ("book", [("city", "Rome")]), "city=Rome", LISTEN]


def test_an_action_before_the_user_speaks_is_no_label():
    (one,) = markdown("## s\n- utter_hi\n- utter_bye\n* greet\n- utter_hi")
    assert one.unpredictable == {0}
    assert [e.action for e in examples(one)] == ["utter_bye", LISTEN, "utter_hi", LISTEN]


def test_examples_show_the_conversation_before_and_the_place():
    (one,) = markdown("## s\n* greet\n- utter_hi")
    (_, hi, _) = examples(one)
    assert (hi.action, hi.is_text, str(hi.at)) == ("utter_hi", False, "s.md:3:1")
    assert hi.before.state.latest_action == LISTEN
    assert hi.before.state.latest_message.intent_name == "greet"


def test_labelled_moments_agree_with_examples():
    (one,) = markdown("## s\n- utter_hi\n* greet\n- utter_hi\n- utter_bye")
    by_state = [(moment.action, at) for moment, at in labelled_moments(one, history())]
    assert by_state == [(e.action, e.at) for e in examples(one)]


def test_alternatives_give_a_conversation_each():
    found = markdown("## s\n* greet OR bye\n- utter_hi")
    assert [said(one)[1] for one in found] == [("greet", []), ("bye", [])]
    assert all(said(one)[2:] == ["utter_hi", LISTEN] for one in found)


def test_checkpoints_join_stories_and_names():
    found = markdown("## a\n* greet\n> c\n## b\n> c\n- utter_hi\n## d\n> c\n- utter_bye")
    assert [one.name for one in found] == ["a > b", "a > d"]
    assert [one.origins for one in found] == [("a", "b"), ("a", "d")]


def test_conditions_let_only_fitting_conversations_pass():
    text = """## yes
* greet
- slot{"vip": true}
> c
## no
* bye
- slot{"vip": false}
> c
## go on
> c{"vip": true}
- utter_hi
"""
    assert [one.name for one in markdown(text)] == ["yes > go on"]


def test_a_checkpoint_that_leads_nowhere_ends_the_conversation_there():
    (one,) = markdown("## a\n* greet\n- utter_hi\n> nowhere")
    assert said(one) == [LISTEN, ("greet", []), "utter_hi"]


def test_cycles_are_walked_and_end():
    text = "## a\n* greet\n> c\n## b\n> c\n- utter_hi\n* greet\n> c\n## d\n> c\n- utter_bye"
    found = [said(one) for one in markdown(text)]
    counts = sorted(events.count("utter_hi") for events in found)
    assert counts == [0, 1, 2]


def test_a_story_that_leads_only_to_itself_is_learned():
    found = markdown("## a\n* greet\n> c\n## b\n> c\n- utter_hi\n* greet\n> c")
    assert [e.action for one in found for e in examples(one)].count("utter_hi") >= 1


def test_conversations_that_look_the_same_are_kept_once():
    text = "## a\n* greet\n- utter_hi\n## b\n* greet\n- utter_hi"
    assert [one.name for one in markdown(text)] == ["a"]
    assert [one.name for one in markdown(text, remove_duplicates=False)] == ["a", "b"]


def test_what_came_before_a_rewind_is_a_conversation_of_its_own():
    for name in ("rewind", "undo", "restart"):
        found = markdown(f"## a\n* greet\n- utter_hi\n- {name}\n* bye\n- utter_bye")
        assert said(found[0]) == [LISTEN, ("greet", []), "utter_hi"]
        assert len(found) == 2


def test_rules_keep_their_marks_and_come_after_stories():
    data, _ = read_text("""
        rules:
        - rule: r
          wait_for_user_input: false
          steps: [{intent: greet}, {action: utter_hi}]
        - rule: q
          steps: [{intent: bye}, {action: utter_bye}]
        stories:
        - story: s
          steps: [{intent: greet}, {action: utter_hi}]
        """)
    found = list(run(data, augmentation=5))
    written = [one for one in found if not one.is_augmented]
    assert [(one.name, one.is_rule) for one in written] == [("s", False), ("r", True), ("q", True)]
    assert said(written[1]) == ["...", LISTEN, ("greet", []), "utter_hi", "..."]
    assert said(written[2])[-1] == LISTEN
    assert written[1].unpredictable == {0}


STORIES = "".join(
    f'## s{i}\n* greet\n- slot{{"city": "c{i}"}}\n- utter_hi\n- {a}\n'
    for i, a in enumerate(["utter_bye", "action_x", "utter_hi", "form_a", "utter_bye"] * 3)
)


def test_augmentation_glues_stories_where_one_ended():
    data, _ = read_text(STORIES, file="s.md")
    glued = [one for one in run(data, augmentation=2) if one.is_augmented]
    assert 0 < len(glued) <= 20
    for one in glued:
        assert any(isinstance(event, ActionReverted) for event in one.events)
        applied = one.tracker.applied_events()
        listens = [isinstance(e, ActionExecuted) and e.name == LISTEN for e in applied]
        assert not any(a and b for a, b in pairwise(listens))


def test_gluing_costs_no_more_than_many_stories_are_worth(monkeypatch: pytest.MonkeyPatch):
    text = "".join(f"## s{n}\n* greet\n" + "- utter_hi\n" * (n + 1) for n in range(40))
    data = read_text(text, file="s.md")[0]
    steps = 0

    def counted(walk: Walk, events: Sequence[TrainingEvent], name: str) -> Walk:
        nonlocal steps
        steps += 1
        return extended(walk, events, name)

    extended = Walk.extended
    monkeypatch.setattr(Walk, "extended", counted)
    list(run(data, augmentation=20))
    assert steps > 3 * 40 * 10, "each of the chosen ends goes on with each story"
    steps = 0
    monkeypatch.setattr("tertulia.data.generate.run.GLUED_AT_ONCE", 80)
    glued = [one for one in run(data, augmentation=20) if one.is_augmented]
    assert steps == 40 + 3 * 80
    assert len(glued) == 200


def test_augmentation_depends_on_the_seed_alone():
    data, _ = read_text(STORIES, file="s.md")
    first, again, other = (
        [one.name for one in run(data, augmentation=2, seed=seed)] for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_without_concatenation_nothing_is_glued():
    data, _ = read_text(STORIES, file="s.md")
    found = run(data, augmentation=20, use_story_concatenation=False)
    assert not any(one.is_augmented for one in found)


def test_conversations_that_end_alike_are_given_up_when_asked():
    text = """## a
* greet
- utter_hi
* bye
- utter_bye
> c
## b
* bye
- utter_hi
* bye
- utter_bye
> c
## d
> c
- utter_hi
"""
    data, _ = read_text(text, file="s.md")
    assert [one.name for one in run(data)] == ["a > d", "b > d"]
    assert sorted(one.name for one in run(data, unique_last_states=2)) == ["a > d", "b"]


def test_plain_stories_are_yielded_before_the_next_one_is_walked():
    data, _ = read_text(STORIES, file="s.md")
    seen: list[str] = []
    domain = small_domain()
    watched = history()

    class Watching:
        last = watched.last
        moments = watched.moments

        def current(self, tracker):
            seen.append(tracker.state.slots["city"])
            return watched.current(tracker)

    stream = generate(data, domain, rules_for(domain), augmentation=0, states=Watching())
    next(stream)
    assert "c1" not in seen
