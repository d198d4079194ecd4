import pytest
from tests.unit.data.stories.reading import brief, read_text, small_domain

from tertulia.core.events import UserUttered
from tertulia.data.stories.model import Alternatives, Checkpoint, Story


def story(steps: str) -> Story:
    data, diagnostics = read_text(f"stories:\n- story: s\n  steps:\n{steps}")
    assert diagnostics.problems == []
    return data.stories[0]


def events(steps: str) -> list[object]:
    return [brief(placed.event) for placed in story(steps).events()]


def rule(text: str) -> list[object]:
    data, diagnostics = read_text(f"rules:\n- rule: r\n{text}")
    assert diagnostics.problems == []
    return [brief(placed.event) for placed in data.rules[0].events()]


def test_every_kind_of_step_is_read():
    steps = """
  - intent: book
    entities:
    - city: Rome
    - tag
  - action: utter_hi
  - slot_was_set:
    - vip: true
    - city: null
  - active_loop: form_a
  - active_loop: null
  - bot: Coming right up
  - action: rewind
  - metadata: {a: 1}
"""
    assert events(steps) == [
        ("book", [("city", "Rome"), ("tag", "")]),
        "utter_hi",
        "vip=True",
        "city=None",
        "loop form_a",
        "loop None",
        "says Coming right up",
        "rewind",
    ]


def test_roles_and_groups_of_entities_are_kept():
    said = next(iter(story("  - intent: a\n    entities: [{city: Rome, role: to}]\n").events()))
    assert isinstance(said.event, UserUttered)
    assert said.event.entities == [{"entity": "city", "value": "Rome", "role": "to"}]


def test_a_text_without_intent_is_end_to_end():
    said = next(iter(story('  - user: "I want [soup](dish)"\n').events())).event
    assert isinstance(said, UserUttered)
    assert (said.text, said.intent_name) == ("I want soup", None)
    assert [(e["start"], e["end"]) for e in said.entities] == [(7, 11)]


def test_a_text_with_a_slash_states_its_entities():
    said = next(iter(story('  - user: \'/book{"city": "Rome"}\'\n    intent: book\n').events()))
    assert brief(said.event) == ("book", [("city", "Rome")])


def test_alternatives_may_be_intents_or_slots():
    items = story("""
  - or:
    - intent: greet
    - intent: bye
  - or:
    - slot_was_set:
      - a: 1
      - a: 2
    - slot_was_set:
      - a: 3
""").items
    assert [len(item.options) for item in items if isinstance(item, Alternatives)] == [2, 3]


def test_checkpoint_conditions_are_slot_values():
    (item,) = story("  - checkpoint: c\n    slot_was_set:\n    - vip: true\n").items
    assert isinstance(item, Checkpoint)
    assert (item.name, item.conditions) == ("c", {"vip": True})


def test_a_bare_slot_name_means_a_value_of_its_type():
    data, diagnostics = read_text(
        "stories:\n- story: s\n  steps:\n  - slot_was_set: [city, tags, note, vip]\n",
        domain=small_domain(),
    )
    assert [brief(placed.event) for placed in data.stories[0].events()] == [
        "city=filled",
        "tags=['filled']",
        "note=None",
        "vip=None",
    ]
    assert [p.code for p in diagnostics.problems] == ["T327"]


def test_a_retrieval_intent_counts_as_its_base():
    text = "stories:\n- story: s\n  steps:\n  - intent: faq/ask\n"
    data, diagnostics = read_text(text)
    said = next(data.stories[0].events()).event
    assert isinstance(said, UserUttered)
    assert said.intent["name"] == "faq"
    assert said.intent["full_retrieval_intent_name"] == "faq/ask"
    assert [p.code for p in diagnostics.warnings] == ["T319"]
    assert read_text(text, file="test_s.yml")[1].problems == []


def test_a_rule_begins_after_anything_and_ends_waiting():
    assert rule("  steps:\n  - intent: greet\n  - action: utter_hi\n") == [
        "...",
        ("greet", []),
        "utter_hi",
    ]


def test_flags_of_a_rule_take_away_and_add_the_marks():
    text = """
  condition:
  - active_loop: form_a
  - slot_was_set:
    - vip: null
  conversation_start: true
  wait_for_user_input: false
  steps:
  - active_loop: null
  - intent: greet
"""
    assert rule(text) == [
        "loop form_a",
        "vip=should_not_be_set",
        "loop should_not_be_set",
        ("greet", []),
        "...",
    ]


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("- greet", "T316"),
        ("- intnt: greet", "T317"),
        ("- {}", "T317"),
        ("- intent: greet\n    action: utter_hi", "T317"),
        ("- intent: 5", "T316"),
        ("- intent: a/b/c", "T319"),
        ("- intent: book\n    entities: {city: Rome}", "T316"),
        ("- intent: book\n    entities: [{city: Rome, tag: x}]", "T316"),
        ("- user: 5", "T316"),
        ("- user: '[a]{broken}'", "T333"),
        ("- or: [{user: hello}]", "T320"),
        ("- or: []", "T320"),
        ("- slot_was_set: {city: Rome}", "T316"),
        ("- slot_was_set: [5]", "T316"),
        ("- slot_was_set: [nope]", "T312"),
        ("- checkpoint:", "T316"),
        ("- active_loop: [a]", "T316"),
        ("- action: nope", "T311"),
    ],
)
def test_a_bad_step_is_an_error_on_its_line(step: str, code: str):
    _, diagnostics = read_text(
        f"stories:\n- story: s\n  steps:\n  - intent: greet\n  {step}\n", domain=small_domain()
    )
    problem = diagnostics.errors[0]
    assert problem.code == code
    assert problem.at is not None
    assert problem.at.line >= 5
    assert problem.hint


@pytest.mark.parametrize(
    ("step", "code"),
    [
        ("- intent: /greet", "T319"),
        ("- intent:", "T319"),
        ("- intent: gret", "T310"),
        ("- intent: book\n    entities: [ciy]", "T313"),
        ("- slot_was_set: [{ciy: a}]", "T312"),
        ("- active_loop: form_b", "T314"),
        ("- action: ''", "T329"),
        ("- checkpoint: c\n    slot_was_set: [vip]", "T328"),
    ],
)
def test_a_doubtful_step_is_a_warning(step: str, code: str):
    _, diagnostics = read_text(
        f"stories:\n- story: s\n  steps:\n  - action: utter_hi\n  {step}\n", domain=small_domain()
    )
    assert code in [p.code for p in diagnostics.warnings]
    assert diagnostics.errors == []


@pytest.mark.parametrize("step", ["- checkpoint: c", "- bot: hello"])
def test_rules_have_no_checkpoints_and_no_texts_of_the_bot(step: str):
    _, diagnostics = read_text(f"rules:\n- rule: r\n  steps:\n  - intent: a\n  {step}\n")
    assert [p.code for p in diagnostics.errors] == ["T321"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("stories: {a: 1}", "T316"),
        ("stories: [s]", "T316"),
        ("stories: [{steps: []}]", "T316"),
        ("stories: [{story: s, steps: a}]", "T316"),
        ("stories: [{story: 5, steps: [{intent: a}]}]", "T316"),
        ("stories: [{story: s, step: [], steps: [{intent: a}]}]", "T317"),
        ("rules: [{rule: s, conversation_start: 5, steps: [{intent: a}]}]", "T316"),
        ("rules: [{rule: s, condition: [{intent: a}], steps: [{intent: a}]}]", "T317"),
        ("rules: [{rule: s, condition: a, steps: [{intent: a}]}]", "T316"),
    ],
)
def test_a_bad_story_is_an_error(text: str, code: str):
    _, diagnostics = read_text(text)
    assert [p.code for p in diagnostics.errors] == [code]


@pytest.mark.parametrize(
    "text", ["stories: [{story: s}]", "stories: [{story: '', steps: [{intent: a}]}]"]
)
def test_a_story_without_steps_or_name_is_a_warning(text: str):
    _, diagnostics = read_text(text)
    assert [p.code for p in diagnostics.problems] == ["T318"]


def test_unknown_names_come_with_the_nearest_known_one():
    _, diagnostics = read_text(
        "stories:\n- story: s\n  steps:\n  - action: utter_hy\n", domain=small_domain()
    )
    (problem,) = diagnostics.errors
    assert str(problem) == (
        "s.yml:4:13: T311: 'utter_hy' is not a registered action. Did you mean 'utter_hi'?"
    )


def test_empty_sections_hold_nothing():
    data, diagnostics = read_text("stories:\nrules:\n")
    assert (data.stories, data.rules, diagnostics.problems) == ((), (), [])
