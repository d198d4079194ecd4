from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.domain.model import Domain, Generation, Slot
from tertulia.core.events import ActionExecuted, ActionReverted, SlotSet, UserUttered
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import replay, rules_for
from tertulia.data.generate import TrainingTracker, examples, explicit_events, generate
from tertulia.data.stories.build import build_steps
from tertulia.data.stories.graph import build_graph
from tertulia.data.stories.model import (
    STORY_START,
    Alternatives,
    Checkpoint,
    StepEvent,
    Story,
    StoryData,
    StoryItem,
)

POINTS = st.sampled_from(["p", "q", "r"])


def user(intent: str) -> StepEvent:
    return StepEvent(UserUttered(parse_data={"intent": {"name": intent}, "entities": []}))


USERS = st.sampled_from(["a", "b"]).map(user)
EVENTS = st.one_of(
    USERS,
    st.sampled_from(["x", "y"]).map(lambda name: StepEvent(ActionExecuted(name=name))),
    st.booleans().map(lambda value: StepEvent(SlotSet(name="s", value=value))),
    st.lists(USERS, min_size=2, max_size=2).map(
        lambda both: Alternatives(tuple((one,) for one in both))
    ),
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    start: list[StoryItem] = []
    if draw(st.booleans()):
        conditions = draw(st.sampled_from([{}, {}, {"s": True}]))
        start = [Checkpoint(draw(POINTS), conditions)]
    middle = draw(st.lists(EVENTS | EVENTS | POINTS.map(Checkpoint), min_size=1, max_size=4))
    end = [Checkpoint(name) for name in draw(st.lists(POINTS, max_size=1))]
    name = draw(st.sampled_from(["one", "two", "three", "four"]))
    return Story(name=name, items=(*start, *middle, *end))


FILES = st.lists(stories(), min_size=1, max_size=4)
GENERATIONS = st.sampled_from(Generation)


def domain_of(generation: Generation) -> Domain:
    return Domain(generation=generation, slots={"s": Slot(name="s", type="bool")})


def run(
    blocks: list[Story],
    generation: Generation = Generation.MODERN,
    *,
    augmentation: int = 0,
    seed: int = 42,
    remove_duplicates: bool = True,
) -> list[TrainingTracker]:
    domain = domain_of(generation)
    return list(
        generate(
            StoryData(stories=tuple(blocks)),
            domain,
            rules_for(domain),
            augmentation=augmentation,
            states=training_history(StateTable(domain)),
            seed=seed,
            remove_duplicates=remove_duplicates,
        )
    )


@given(FILES, GENERATIONS)
def test_every_conversation_is_the_sum_of_its_steps(blocks: list[Story], generation: Generation):
    domain = domain_of(generation)
    known = [list(explicit_events(step, domain)) for step in build_steps(blocks)]
    for one in run(blocks, generation, augmentation=2):
        for part in one.parts:
            is_undo = [type(placed.event) for placed in part] == [ActionReverted]
            assert is_undo or list(part) in known
        assert replay(one.name, one.tracker.rules, one.events).state == one.tracker.state


@given(FILES, GENERATIONS)
def test_no_two_finished_stories_look_the_same(blocks: list[Story], generation: Generation):
    history = training_history(StateTable(domain_of(generation)))
    seen = [
        history.last(one.tracker, None).states for one in run(blocks, generation) if _is_whole(one)
    ]
    assert len(seen) == len(set(seen))


def _is_whole(one: TrainingTracker) -> bool:
    last = one.tracker.last_event
    return isinstance(last, ActionExecuted) and last.name == "action_listen"


@given(FILES)
def test_cycles_end_and_the_ordered_steps_hold_no_back_edge(blocks: list[Story]):
    graph = build_graph(list(build_steps(blocks)))
    for i, step in enumerate(graph.steps):
        starts = {c.name for c in step.start_checkpoints}
        for later in graph.steps[i:]:
            assert not starts & {c.name for c in later.end_checkpoints}


@given(FILES)
def test_cutting_cycles_loses_no_step_that_can_be_reached(blocks: list[Story]):
    steps = [
        Story(
            name=story.name,
            items=tuple(
                Checkpoint(item.name) if isinstance(item, Checkpoint) else item
                for item in story.items
            ),
        )
        for story in blocks
    ]
    domain = domain_of(Generation.MODERN)
    reached = {STORY_START}
    plain = list(build_steps(steps))
    for _ in plain:
        for step in plain:
            if reached & {c.name for c in step.start_checkpoints}:
                reached |= {c.name for c in step.end_checkpoints}
    walked = [list(part) for one in run(steps, remove_duplicates=False) for part in one.parts]
    ends_somewhere = _can_end(plain)
    for step in plain:
        is_reached = reached & {c.name for c in step.start_checkpoints}
        if is_reached and (not step.end_checkpoints or _leads_out(step, ends_somewhere)):
            assert list(explicit_events(step, domain)) in walked


def _can_end(steps: list) -> set[str]:
    """Return the checkpoints from which a story can come to its end."""
    found: set[str] = set()
    for _ in steps:
        for step in steps:
            if not step.end_checkpoints or found & {c.name for c in step.end_checkpoints}:
                found |= {c.name for c in step.start_checkpoints}
    return found


def _leads_out(step, ends_somewhere: set[str]) -> bool:
    return bool(ends_somewhere & {c.name for c in step.end_checkpoints})


@given(FILES, st.integers(0, 3), st.integers(0, 5))
def test_augmentation_is_bounded_and_repeatable(blocks: list[Story], factor: int, seed: int):
    first = run(blocks, augmentation=factor, seed=seed)
    again = run(blocks, augmentation=factor, seed=seed)
    assert [(one.name, one.events) for one in first] == [(one.name, one.events) for one in again]
    assert sum(one.is_augmented for one in first) <= factor * 10
    written = [one.name for one in first if not one.is_augmented]
    assert written == [one.name for one in run(blocks)]


@given(FILES, GENERATIONS)
def test_every_label_has_the_conversation_before_it(blocks: list[Story], generation: Generation):
    for one in run(blocks, generation, augmentation=1):
        sizes = [example.before.size for example in examples(one)]
        assert sizes == sorted(set(sizes))
        executed = [e for e in one.tracker.applied_events() if isinstance(e, ActionExecuted)]
        silent = [e for e in executed if not one.placed(e).is_label]
        assert len(sizes) == len(executed) - len(silent)
