"""A small bot of each generation, trained, and stories to test it with."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.unit.training.projects import legacy, modern, write

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.stories.model import StoryData
from tertulia.data.stories.read import read_stories_text
from tertulia.evaluation.results import Evaluation
from tertulia.evaluation.run import evaluate
from tertulia.model.load import Model, load_model
from tertulia.training.project import Project, read_project
from tertulia.training.run import Identity, train

_ONE = Identity(model_id="1" * 32, created="2026-11-23T10:00:00+00:00")

_MODERN = {
    "config.yml": """\
recipe: default.v1
language: en
assistant_id: test-bot
pipeline:
- name: WhitespaceTokenizer
- name: KeywordIntentClassifier
- name: RegexEntityExtractor
policies:
- name: MemoizationPolicy
- name: RulePolicy
""",
    "domain.yml": """\
version: "3.1"
intents: [greet, bye, book, chat]
entities: [city]
slots:
  city:
    type: text
    mappings:
    - type: from_entity
      entity: city
responses:
  utter_greet:
  - text: Hello!
  utter_bye:
  - text: Bye!
  utter_chat:
  - text: Well.
  utter_booked:
  - text: Done.
  utter_ask_city:
  - text: Where to?
forms:
  book_form:
    required_slots: [city]
""",
    "data/nlu.yml": """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
- intent: bye
  examples: |
    - goodbye
- intent: book
  examples: |
    - book
    - to [rome](city)
- intent: chat
  examples: |
    - weather
- lookup: city
  examples: |
    - rome
""",
    "data/stories.yml": """\
version: "3.1"
stories:
- story: greet
  steps:
  - intent: greet
  - action: utter_greet
  - intent: bye
  - action: utter_bye
- story: chat in the form
  steps:
  - intent: book
  - action: book_form
  - active_loop: book_form
  - intent: chat
  - action: utter_chat
  - action: book_form
  - active_loop: null
  - action: utter_booked
rules:
- rule: leave
  steps:
  - intent: bye
  - action: utter_bye
- rule: begin the form
  steps:
  - intent: book
  - action: book_form
  - active_loop: book_form
- rule: end the form
  condition:
  - active_loop: book_form
  steps:
  - action: book_form
  - active_loop: null
  - action: utter_booked
""",
}

_LEGACY = {
    "nlu_config.yml": "language: en\npipeline:\n- name: tokenizer_whitespace\n"
    "- name: intent_classifier_keyword\n",
    "policies.yml": "policies:\n- name: MemoizationPolicy\n  max_history: 3\n- name: FormPolicy\n"
    "- name: FallbackPolicy\n  nlu_threshold: 0.3\n  core_threshold: 0.2\n",
    "domain.yml": """\
intents: [greet, bye, book, chat]
actions: [utter_greet, utter_bye, utter_chat, utter_booked]
forms: [book_form]
templates:
  utter_greet: [{text: Hello!}]
  utter_bye: [{text: Bye!}]
  utter_chat: [{text: Well.}]
  utter_booked: [{text: Done.}]
""",
    "nlu.md": "## intent:greet\n- hello\n## intent:bye\n- goodbye\n## intent:book\n- book\n"
    "## intent:chat\n- weather\n",
    "stories.md": """\
## greet
* greet
  - utter_greet
* bye
  - utter_bye
## chat in the form
* book
  - book_form
  - form{"name": "book_form"}
* chat
  - utter_chat
  - book_form
  - form{"name": null}
  - utter_booked
""",
}


@cache
def modern_bot() -> Model:
    """Return a bot of 3.x that knows its stories by heart and its messages by keywords."""
    with TemporaryDirectory() as folder:
        return _trained(modern(write(Path(folder), _MODERN)))


@cache
def legacy_bot() -> Model:
    """Return the same bot of 0.x."""
    with TemporaryDirectory() as folder:
        return _trained(legacy(write(Path(folder), _LEGACY)))


def _trained(project: Project) -> Model:
    data = read_project(project)
    content = train(data, _ONE)
    assert data.diagnostics.errors == []
    return load_model(content)


def stories(steps: str, model: Model, *, name: str = "one", end_to_end: bool = False) -> StoryData:
    """Return one story, or with a `version` key the stories of a whole file."""
    text = steps
    if not steps.startswith("version"):
        lines = "".join(f"  {line}\n" for line in steps.strip("\n").splitlines())
        text = f'version: "3.1"\nstories:\n- story: {name}\n  steps:\n{lines}'
    return _read(text, "test_stories.yml", model, end_to_end=end_to_end)


def _read(text: str, file: str, model: Model, *, end_to_end: bool) -> StoryData:
    diagnostics = Diagnostics()
    kind = "test" if end_to_end else "train"
    data = read_stories_text(
        text, file=file, domain=model.domain, kind=kind, diagnostics=diagnostics
    )
    assert diagnostics.errors == []
    return data


def run(steps: str, *, end_to_end: bool = False) -> Evaluation:
    """Return what the modern bot does in a story; see `stories`."""
    model = modern_bot()
    data = stories(steps, model, end_to_end=end_to_end)
    return evaluate(model, data, end_to_end=end_to_end)


def markdown_run(text: str, *, end_to_end: bool = False) -> Evaluation:
    """Return what the legacy bot does in stories."""
    model = legacy_bot()
    data = _read(text, "stories.md", model, end_to_end=end_to_end)
    return evaluate(model, data, end_to_end=end_to_end)


def predicted(evaluation: Evaluation) -> list[str]:
    """Return the predicted actions of the only story, action_listen left out."""
    (story,) = evaluation.stories
    return [step.predicted for step in story.actions if step.predicted != "action_listen"]
