"""Small projects on disk for tests."""

from pathlib import Path

from tertulia.training.project import Project

CONFIG = """\
recipe: default.v1
language: en
assistant_id: test-bot
pipeline:
- name: WhitespaceTokenizer
- name: CountVectorsFeaturizer
- name: LogisticRegressionClassifier
policies:
- name: MemoizationPolicy
- name: RulePolicy
"""

DOMAIN = """\
version: "3.1"
intents: [greet, bye]
responses:
  utter_greet:
  - text: Hello!
  utter_bye:
  - text: Bye!
"""

NLU = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
- intent: bye
  examples: |
    - goodbye
    - see you
"""

STORIES = """\
version: "3.1"
stories:
- story: greet and leave
  steps:
  - intent: greet
  - action: utter_greet
  - intent: bye
  - action: utter_bye
rules:
- rule: leave
  steps:
  - intent: bye
  - action: utter_bye
"""

MODERN = {
    "config.yml": CONFIG,
    "domain.yml": DOMAIN,
    "data/nlu.yml": NLU,
    "data/stories.yml": STORIES,
}

LEGACY = {
    "nlu_config.yml": "language: en\npipeline: tensorflow_embedding\n",
    "policies.yml": "policies:\n- name: MemoizationPolicy\n- name: FallbackPolicy\n",
    "domain.yml": (
        "intents: [greet, bye]\nactions: [utter_greet, utter_bye]\n"
        "templates:\n  utter_greet:\n  - text: Hello!\n  utter_bye:\n  - Bye!\n"
    ),
    "nlu.md": "## intent:greet\n- hello\n- hi there\n## intent:bye\n- goodbye\n- see you\n",
    "stories.md": "## greet\n* greet\n  - utter_greet\n* bye\n  - utter_bye\n",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write a project and return its folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def modern(folder: Path) -> Project:
    """Return a project of 3.x in the usual places."""
    data = folder / "data"
    return Project(
        config=(folder / "config.yml",),
        domain=(folder / "domain.yml",),
        nlu=(data,),
        stories=(data,),
    )


def legacy(folder: Path) -> Project:
    """Return a project of 0.x in the usual places."""
    return Project(
        config=(folder / "nlu_config.yml", folder / "policies.yml"),
        domain=(folder / "domain.yml",),
        nlu=(folder / "nlu.md",),
        stories=(folder / "stories.md",),
    )
