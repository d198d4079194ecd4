"""What was taught, as text added to the project's files."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.cli.teaching.saved import with_examples, with_names, with_stories
from tertulia.core.domain.model import Domain
from tertulia.core.events import ActionExecuted, ActiveLoop, Event, SlotSet, UserUttered
from tertulia.data.domain import read_domain_text
from tertulia.data.nlu import read_nlu_text
from tertulia.data.stories.read import read_stories_text

YAML, MD, JSON = Path("s.yml"), Path("s.md"), Path("n.json")


def said(text: str, intent: str = "greet", **entities: str) -> UserUttered:
    found = [
        {"entity": name, "value": value, "start": text.index(value),
         "end": text.index(value) + len(value)}
        for name, value in entities.items()
    ]  # fmt: skip
    return UserUttered(
        text=text,
        parse_data={"intent": {"name": intent, "confidence": 1.0}, "entities": found},
    )


TOLD: Sequence[Event] = [
    ActionExecuted(name="action_session_start"),
    ActionExecuted(name="action_listen"),
    said("to rome", "book", city="rome"),
    SlotSet(name="city", value="rome"),
    ActionExecuted(name="trip_form"),
    ActiveLoop(name="trip_form"),
    ActiveLoop(name=None),
    ActionExecuted(name="utter_done"),
    ActionExecuted(name="action_listen"),
]
OLD = """\
version: "3.1"
# how we greet
stories:
  - story: old
    steps:
    - intent: greet
    - action: utter_greet
"""


def names(text: str, path: Path) -> list[str]:
    diagnostics = Diagnostics()
    found = read_stories_text(text, file=path.name, domain=None, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    return [story.name for story in found.stories]


def test_stories_are_added_and_the_rest_of_the_file_is_as_it_was() -> None:
    text = with_stories(OLD, YAML, [TOLD])
    assert text.startswith(OLD.rstrip())
    assert (
        text[len(OLD) :]
        == """\
  - story: interactive_story_1
    steps:
    - intent: book
      entities:
      - city: rome
    - slot_was_set:
      - city: rome
    - action: trip_form
    - active_loop: trip_form
    - active_loop: null
    - action: utter_done
"""
    )


def test_further_stories_have_names_of_their_own() -> None:
    once = with_stories(OLD, YAML, [TOLD])
    assert names(with_stories(once, YAML, [TOLD, TOLD]), YAML) == [
        "old",
        "interactive_story_1",
        "interactive_story_2",
        "interactive_story_3",
    ]


@pytest.mark.parametrize("old", ["", 'version: "3.1"\nnlu:\n- intent: x\n  examples: |\n    - y\n'])
def test_a_file_without_stories_gets_its_first(old: str) -> None:
    assert names(with_stories(old, YAML, [TOLD]), YAML) == ["interactive_story_1"]


def test_a_file_whose_stories_do_not_come_last_is_refused() -> None:
    old = OLD + "rules:\n- rule: r\n  steps:\n  - intent: greet\n  - action: utter_greet\n"
    with pytest.raises(DataError, match="not the last section") as caught:
        with_stories(old, YAML, [TOLD])
    assert caught.value.code == "T392"


def test_0x_stories_are_markdown() -> None:
    old = "<!-- ours -->\n## old\n* greet\n  - utter_greet\n"
    text = with_stories(old, MD, [TOLD])
    assert text.startswith(old)
    assert names(text, MD) == ["old", "interactive_story_1"]
    assert '* book{"city": "rome"}' in text
    assert '- form{"name": "trip_form"}' in text


def test_test_stories_keep_their_messages() -> None:
    text = with_stories("", Path("test_stories.yml"), [TOLD], end_to_end=True)
    assert "to [rome](city)" in text


@pytest.mark.parametrize("path", [YAML, MD, JSON])
def test_examples_are_added_once(path: Path) -> None:
    messages = [said("to rome", "book", city="rome"), said("to rome", "book", city="rome")]
    once = with_examples("", path, messages)
    assert with_examples(once, path, messages) == once
    found = read_nlu_text(once, file=path.name, diagnostics=Diagnostics()).examples
    assert [(one.label, one.text) for one in found] == [("book", "to rome")]
    assert found[0].entities[0].entity == "city"


def test_messages_that_state_their_meaning_are_no_examples() -> None:
    assert with_examples("", YAML, [said("/greet")]) == ""


_LINES = st.text(st.characters(codec="ascii", categories=["L", "N", "P", "Z"]), min_size=1)


@given(st.lists(_LINES, min_size=1, max_size=5))
def test_whatever_was_typed_reads_back_or_is_refused(texts: list[str]) -> None:
    messages = [said(text) for text in texts]
    try:
        written = with_examples("", YAML, messages)
    except DataError:
        return
    found = read_nlu_text(written, file="n.yml", diagnostics=Diagnostics()).examples
    typed = {text for text in texts if text.strip() and not text.startswith("/")}
    assert {one.text for one in found} == typed


def domain(text: str) -> Domain:
    found = read_domain_text(text, file="domain.yml", diagnostics=Diagnostics())
    assert found is not None
    return found


DOMAIN = 'version: "3.1"\nintents: [greet]\nresponses:\n  utter_greet:\n  - text: Hi\n'


def test_a_domain_that_lacks_nothing_is_left_alone() -> None:
    events = [said("hi"), ActionExecuted(name="utter_greet")]
    assert with_names(DOMAIN, domain(DOMAIN), [events], actions=[], responses={}) is None


def test_new_names_are_added_to_the_domain() -> None:
    events = [
        said("to rome", "book", city="rome"),
        ActionExecuted(name="utter_new"),
        ActionExecuted(name="action_new"),
    ]
    text = with_names(
        DOMAIN,
        domain(DOMAIN),
        [events],
        actions=["utter_new", "action_new", "never_run"],
        responses={"utter_new": "New!"},
    )
    assert text is not None
    found = domain(text)
    assert {"greet", "book"} <= set(found.intents)
    assert list(found.entities) == ["city"]
    assert [one.name for one in found.actions] == ["action_new"]
    assert found.responses["utter_new"][0].content == {"text": "New!"}
    assert found.responses["utter_greet"][0].content == {"text": "Hi"}


def test_a_domain_that_cannot_be_read_is_never_replaced() -> None:
    with pytest.raises(DataError, match="cannot be read"):
        with_names("a: [", domain(DOMAIN), [[said("x", "new")]], actions=[], responses={})
