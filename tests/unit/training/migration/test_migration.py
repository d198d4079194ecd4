"""Projects of 0.x and 2.x for 3.1: what is written, and that stories go the same way."""

from pathlib import Path

import pytest
from tests.unit.training.projects import write

from tertulia.core.domain.model import Generation
from tertulia.training.migration.form_code import read_forms
from tertulia.training.migration.replay import Moment, compare
from tertulia.training.migration.run import Migration, migrate_domain, migrate_project
from tertulia.training.project import Project, ProjectData, read_project

TWO = {
    "config.yml": "recipe: default.v1\nassistant_id: a\nlanguage: en\n"
    "pipeline:\n- name: KeywordIntentClassifier\npolicies:\n- name: RulePolicy\n",
    "domain.yml": """\
version: "2.0"
intents: [book, inform]
entities: [city, people]
slots:
  city: {type: text}
  people: {type: float, auto_fill: false}
  vip: {type: bool, auto_fill: false, initial_value: false}
responses:
  utter_ask_city: [{text: Where?}]
forms:
  trip_form:
    required_slots:
      city:
      - {type: from_entity, entity: city}
      people:
      - {type: from_text, intent: inform}
""",
    "data/stories.yml": """\
version: "2.0"
stories:
- story: a trip
  steps:
  - intent: book
    entities: [{city: rome}]
  - action: trip_form
  - active_loop: trip_form
  - slot_was_set: [{requested_slot: null}]
  - active_loop: null
""",
    "data/nlu.yml": 'version: "2.0"\nnlu:\n- intent: book\n  examples: |\n    - book\n    - trip\n',
}
OLD = {
    "nlu.yml": "language: en\npipeline:\n- name: tokenizer_whitespace\n"
    "- name: intent_classifier_keyword\n",
    "policies.yml": "policies:\n- name: MemoizationPolicy\n- name: FormPolicy\n"
    "- name: FallbackPolicy\n  nlu_threshold: 0.4\n  core_threshold: 0.2\n"
    "  fallback_action_name: utter_sorry\n",
    "domain.yml": """\
intents:
- book
- help: {use_entities: false, triggers: utter_help}
entities: [city]
slots:
  city: {type: text}
  note: {type: unfeaturized}
templates:
  utter_ask_city: [Where?]
  utter_sorry: [Sorry.]
  utter_help: [Help.]
actions: [utter_ask_city, utter_sorry, utter_help]
forms: [trip_form]
""",
    "data/stories.md": """\
## trip
* book{"city": "rome"}
  - trip_form
  - form{"name": "trip_form"}
  - form{"name": null}
* help
  - utter_help
""",
    "data/nlu.md": """\
## intent:book
- book
- trip to [rome](city)
## intent:help
- help
- how
""",
}
CODE = '''
class TripForm(FormAction):
    """Asks for a trip."""
    def name(self):
        """Name."""
        return "trip_form"
    @staticmethod
    def required_slots(tracker):
        return ["city"]
    def slot_mappings(self):
        return {
            "city": [self.from_entity("city", not_intent="help"), self.from_text(intent="book")]
        }
'''


def read(folder: Path, files: dict[str, str], *config: str) -> ProjectData:
    write(folder, files)
    data = read_project(
        Project(
            config=tuple(folder / name for name in config),
            domain=(folder / "domain.yml",),
            nlu=(folder / "data",),
            stories=(folder / "data",),
        )
    )
    data.diagnostics.raise_if_errors()
    return data


def again(folder: Path, migration: Migration) -> ProjectData:
    return read(folder / "new", dict(migration.files), "config.yml")


def test_forms_of_2x_leave_the_filling_to_the_slots(tmp_path: Path) -> None:
    found = migrate_domain(read(tmp_path, TWO, "config.yml"))
    text = found.files["domain.yml"]
    assert text.startswith('version: "3.1"')
    assert "  trip_form:\n    required_slots:\n    - city\n    - people\n" in text
    assert "      requested_slot: people" in text
    assert (
        "  vip:\n    type: bool\n    initial_value: false\n    mappings:\n    - type: custom"
        in text
    )
    assert (found.proof.stories, found.proof.differences) == (1, [])
    assert found.proof.steps > 2


def test_a_project_of_2x_reads_as_the_same_domain_and_stories(tmp_path: Path) -> None:
    before = read(tmp_path, TWO, "config.yml")
    after = again(tmp_path, migrate_project(before))
    assert before.declared is not None
    assert after.declared is not None
    assert list(after.declared.slots) == list(before.declared.slots)
    assert after.declared.forms["trip_form"].required_slots == ("city", "people")
    assert [one.without_places() for one in after.stories.stories] == [
        one.without_places() for one in before.stories.stories
    ]
    assert [one.text for one in after.nlu.examples] == [one.text for one in before.nlu.examples]


def test_a_project_of_0x_becomes_one_of_3x(tmp_path: Path) -> None:
    before = read(tmp_path, OLD, "nlu.yml", "policies.yml")
    assert before.generation is Generation.LEGACY
    found = migrate_project(before, CODE)
    after = again(tmp_path, found)
    assert after.generation is Generation.MODERN
    assert (found.proof.stories, found.proof.differences) == (1, [])
    assert (
        found.files["config.yml"]
        == """\
recipe: default.v1
language: en
assistant_id: unnamed
pipeline:
- name: WhitespaceTokenizer
- name: KeywordIntentClassifier
- name: FallbackClassifier
  threshold: 0.4
  ambiguity_threshold: 0.0
policies:
- name: MemoizationPolicy
- name: RulePolicy
  core_fallback_threshold: 0.2
  core_fallback_action_name: utter_sorry
  enable_fallback_prediction: true
"""
    )
    assert "- rule: always after help" in found.files["data/rules.yml"]
    assert "- intent: nlu_fallback\n  - action: utter_sorry" in found.files["data/rules.yml"]
    assert "session_expiration_time: 0" in found.files["domain.yml"]
    assert "- help:\n    use_entities: []" in found.files["domain.yml"]


def test_forms_of_0x_are_read_from_their_code(tmp_path: Path) -> None:
    found = migrate_domain(read(tmp_path, OLD, "nlu.yml", "policies.yml"), CODE)
    text = found.files["domain.yml"]
    assert "    - type: from_text\n      intent:\n      - book\n      conditions:\n" in text
    assert "      not_intent:\n      - help" in text
    assert [note for note in found.notes if "asks for what" in note] == []


def test_without_code_a_form_is_guessed_and_that_is_said(tmp_path: Path) -> None:
    found = migrate_domain(read(tmp_path, OLD, "nlu.yml", "policies.yml"))
    assert "    required_slots:\n    - city\n" in found.files["domain.yml"]
    assert "the form 'trip_form' asks for what has a response 'utter_ask_…': city" in found.notes[0]


@pytest.mark.parametrize(
    "code",
    [
        CODE.replace('return ["city"]', "return slots_of(tracker)"),
        CODE.replace('self.from_entity("city", not_intent="help")', "mapping()"),
        CODE.replace('return "trip_form"', "return NAME"),
        CODE.replace('return ["city"]', "return 5"),
    ],
)
def test_code_that_does_more_than_state_values_is_named(code: str) -> None:
    assert read_forms(code) == ([], ["TripForm"])


def test_the_first_step_that_differs_is_shown() -> None:
    def moment(action: str) -> Moment:
        return Moment(action=action, intent="x", entities=(), slots=(), active_loop=None)

    proof = compare(
        {"same": [moment("a")], "other": [moment("a"), moment("b"), moment("c")]},
        {"same": [moment("a")], "other": [moment("a"), moment("z"), moment("y")]},
    )
    assert [(one.story, one.step) for one in proof.differences] == [("other", 2)]
    assert proof.differences[0].after == moment("z")


def test_a_story_that_is_gone_is_a_difference() -> None:
    moment = Moment(action="a", intent=None, entities=(), slots=(), active_loop=None)
    proof = compare({"gone": [moment]}, {})
    assert proof.differences[0].after is None
