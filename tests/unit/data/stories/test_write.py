import pytest
from tests.unit.data.stories.reading import brief, read_text

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.data.stories.markdown import Kind
from tertulia.data.stories.model import StepEvent, Story
from tertulia.data.stories.read import read_stories_text
from tertulia.data.stories.write_markdown import write_markdown
from tertulia.data.stories.write_yaml import write_yaml

MARKDOWN = """## first
> start{"vip": true}
* book{"city": "Rome", "tag": ["a", "b"]} OR greet@0.5
    - utter_hi
    - slot{"city": "Rome"}
    - form{"name": "form_a"}
    - form{"name": null}
    - restart
    - followup{"name": "action_x"}
> end
"""

YAML = """version: "3.1"
stories:
- story: first
  steps:
  - checkpoint: start
    slot_was_set:
    - vip: true
  - or:
    - intent: greet
    - intent: book
      entities:
      - city: Rome
        role: to
      - tag
  - action: utter_hi
  - bot: As you like
  - slot_was_set:
    - city: Rome
    - vip: null
  - active_loop: form_a
  - active_loop: null
  - user: I want [soup](dish)
  - checkpoint: end
rules:
- rule: stop
  condition:
  - active_loop: form_a
  - slot_was_set:
    - vip: null
  wait_for_user_input: false
  steps:
  - intent: bye
  - action: utter_bye
- rule: begin
  conversation_start: true
  steps:
  - intent: greet
  - active_loop: null
"""


def stories(text: str, *, file: str, kind: Kind = "train") -> list[Story]:
    diagnostics = Diagnostics()
    data = read_stories_text(text, file=file, domain=None, kind=kind, diagnostics=diagnostics)
    assert diagnostics.problems == []
    return [*data.stories, *data.rules]


def test_markdown_is_written_as_it_was_read():
    assert write_markdown(stories(MARKDOWN, file="s.md")) == MARKDOWN


def test_markdown_test_stories_keep_their_messages():
    text = "## t\n* book: to [Rome](city)\n    - utter_hi\n"
    assert write_markdown(stories(text, file="s.md", kind="test")) == text


def test_yaml_is_written_as_it_was_read():
    assert write_yaml(stories(YAML, file="s.yml")) == YAML


def test_yaml_test_stories_keep_their_messages():
    text = """version: "3.1"
stories:
- story: t
  steps:
  - intent: faq/ask
    user: Is it [warm](weather)?
  - action: utter_hi
"""
    assert write_yaml(stories(text, file="test_s.yml", kind="test")) == text


def test_markdown_becomes_yaml_without_its_own_shorthand():
    text = '## m\n* book{"city": "Rome"}\n- utter_hi\n'
    written = write_yaml(stories(text, file="s.md"))
    data, _ = read_text(written)
    assert [brief(placed.event) for placed in data.stories[0].events()] == [
        ("book", [("city", "Rome")]),
        "utter_hi",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "rules: [{rule: r, steps: [{intent: a}]}]",
        "stories: [{story: s, steps: [{bot: hi}]}]",
        "stories: [{story: s, steps: [{or: [{slot_was_set: [{a: 1}]}, {intent: b}]}]}]",
        "stories: [{story: s, steps: [{intent: a, entities: [{b: c, role: d}]}]}]",
    ],
)
def test_what_markdown_cannot_say_is_refused(text: str):
    with pytest.raises(DataError) as refused:
        write_markdown(stories(text, file="s.yml"))
    assert refused.value.code == "T358"


def test_a_message_that_annotations_cannot_express_is_refused():
    said = UserUttered(
        text="[a](b) c",
        parse_data={
            "intent": {"name": None},
            "entities": [{"entity": "x", "value": "c", "start": 7, "end": 8}],
        },
    )
    with pytest.raises(DataError):
        write_yaml([Story(name="s", items=(StepEvent(said), StepEvent(ActionExecuted(name="a"))))])
