"""Hypothesis strategies for stories, rules and graphs of them."""

from typing import Any

from hypothesis import strategies as st

from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    AllSlotsReset,
    Event,
    FollowupAction,
    SlotSet,
    UserUtteranceReverted,
    UserUttered,
)
from tertulia.core.regex_message import read_legacy
from tertulia.data.stories.model import (
    SHOULD_NOT_BE_SET,
    Alternatives,
    Checkpoint,
    StepEvent,
    Story,
    StoryItem,
)
from tertulia.data.stories.write_markdown import to_json

NAMES = st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True).filter(
    lambda name: name not in ("slot", "form", "restart", "undo", "pause", "export", "resume")
)
TITLES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


def placed(event: Event) -> StepEvent:
    """Return the event as nobody wrote it."""
    return StepEvent(event)


def utterance(intent: str, entities: list[dict[str, Any]]) -> UserUttered:
    """Return what a YAML step says."""
    data = {"intent": {"name": intent, "confidence": 1.0}, "entities": entities, "text": None}
    return UserUttered(parse_data=data)


@st.composite
def _entity(draw: st.DrawFn) -> dict[str, Any]:
    entity: dict[str, Any] = {"entity": draw(NAMES), "value": draw(VALUES)}
    for part in ("role", "group"):
        if draw(st.booleans()):
            entity[part] = draw(NAMES)
    return entity


YAML_USERS = st.builds(
    utterance,
    NAMES,
    st.lists(_entity().filter(lambda e: e["entity"] not in ("role", "group")), max_size=3),
)
_SLOTS = st.builds(lambda name, value: SlotSet(name=name, value=value), NAMES, VALUES)
_COMMON = st.one_of(
    st.builds(lambda name: ActionExecuted(name=name), NAMES),
    _SLOTS,
    st.builds(lambda name: ActiveLoop(name=name), NAMES | st.none()),
    st.sampled_from([AllSlotsReset(), UserUtteranceReverted()]),
)
_SAID = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1).filter(
    lambda text: bool(text.strip()) and text == text.strip()
)
_YAML_EVENTS = YAML_USERS | _COMMON | st.builds(lambda t: ActionExecuted(action_text=t), _SAID)


def _either(users: st.SearchStrategy[UserUttered]) -> st.SearchStrategy[Alternatives]:
    options = st.lists(users.map(lambda user: (placed(user),)), min_size=2, max_size=3)
    return options.map(lambda found: Alternatives(tuple(found)))


@st.composite
def _checkpoint(draw: st.DrawFn) -> Checkpoint:
    return Checkpoint(draw(NAMES), draw(st.dictionaries(NAMES, VALUES, max_size=2)))


YAML_STORIES = st.builds(
    lambda name, items: Story(name=name, items=tuple(items)),
    TITLES.map(str.strip),
    st.lists(
        _YAML_EVENTS.map(placed) | _either(YAML_USERS) | _checkpoint(), min_size=1, max_size=6
    ),
)


def _in_rule(event: Event) -> Event:
    if isinstance(event, SlotSet) and event.value is None:
        return SlotSet(name=event.name, value=SHOULD_NOT_BE_SET)
    if isinstance(event, ActiveLoop) and event.name is None:
        return ActiveLoop(name=SHOULD_NOT_BE_SET)
    return event


@st.composite
def _rule(draw: st.DrawFn) -> Story:
    mark = placed(ActionExecuted(name="..."))
    conditions = draw(st.lists(_SLOTS | st.builds(lambda n: ActiveLoop(name=n), NAMES), max_size=2))
    steps = draw(st.lists((YAML_USERS | _COMMON).map(_in_rule).map(placed), min_size=1, max_size=4))
    before = [*(placed(_in_rule(event)) for event in conditions), mark]
    items: list[StoryItem] = [*(before if draw(st.booleans()) else []), *steps]
    if draw(st.booleans()):
        items.append(mark)
    return Story(name=draw(TITLES).strip(), items=tuple(items), is_rule=True)


YAML_RULES = _rule()


@st.composite
def _markdown_user(draw: st.DrawFn) -> UserUttered:
    # The word that splits alternatives has no escape, so values stay free of capitals.
    values = st.text("abc {}[]\"'\\:1", max_size=8) | st.integers(0, 99) | st.none()
    entities = draw(st.dictionaries(NAMES, values | st.lists(values, min_size=1), max_size=2))
    text = draw(NAMES) + (to_json(entities) if entities else "")
    read = read_legacy(text)
    data = {
        "intent": {"name": read.intent, "confidence": read.confidence},
        "entities": list(read.entities),
        "text": text,
    }
    return UserUttered(text=text, parse_data=data)


_PLAIN_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | st.text("abcé \"'{}\\", max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)
_MARKDOWN_EVENTS = st.one_of(
    _markdown_user(),
    st.builds(lambda name: ActionExecuted(name=name), NAMES),
    st.builds(lambda name, value: SlotSet(name=name, value=value), NAMES, _PLAIN_VALUES),
    st.builds(lambda name: ActiveLoop(name=name), NAMES | st.none()),
    st.builds(lambda name: FollowupAction(name=name), NAMES),
    st.sampled_from([AllSlotsReset(), UserUtteranceReverted()]),
)
MARKDOWN_STORIES = st.builds(
    lambda name, items: Story(name=name, items=tuple(items)),
    NAMES,
    st.lists(
        _MARKDOWN_EVENTS.map(placed)
        | _either(_markdown_user())
        | st.builds(Checkpoint, NAMES, st.dictionaries(NAMES, _PLAIN_VALUES, max_size=2)),
        max_size=6,
    ),
)
