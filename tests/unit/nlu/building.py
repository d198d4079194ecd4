"""Small bots for tests of NLU: data from annotated lines, pipelines from names."""

from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import NluData, read_nlu_text
from tertulia.data.yaml import Node, parse
from tertulia.nlu.config import ComponentConfig, read_pipeline
from tertulia.nlu.message import Message
from tertulia.nlu.pipeline import Pipeline, train_pipeline
from tertulia.nlu.tokenizers.whitespace import align

AT = SourceSpan("config.yml", 1)

TRAVEL = """
nlu:
- intent: greet
  examples: |
    - hello
    - hi there
    - good morning
    - hey
- intent: bye
  examples: |
    - goodbye
    - see you later
    - bye bye
- intent: travel
  examples: |
    - fly from [Oslo]{"entity": "city", "role": "from"} to [Rome]{"entity": "city", "role": "to"}
    - from [Bern]{"entity": "city", "role": "from"} to [Paris]{"entity": "city", "role": "to"}
    - a trip to [Madrid]{"entity": "city", "role": "to"} please
    - book a flight to [Oslo]{"entity": "city", "role": "to"}
    - i leave from [Rome]{"entity": "city", "role": "from"}
    - from [Paris]{"entity": "city", "role": "from"} to [Bern]{"entity": "city", "role": "to"}
- intent: faq/name
  examples: |
    - what is your name
    - how are you called
    - tell me your name
- intent: faq/age
  examples: |
    - how old are you
    - what is your age
    - when were you born
responses:
  utter_faq/name:
  - text: It is Bob.
  utter_faq/age:
  - text: Seven.
"""


def nlu(text: str) -> NluData:
    """Return the data of a YAML or Markdown text; a problem in it fails the test."""
    diagnostics = Diagnostics()
    file = "nlu.md" if text.lstrip().startswith("##") else "nlu.yml"
    data = read_nlu_text(text, file=file, must_fit=True, diagnostics=diagnostics)
    assert not diagnostics.errors
    return data


def node(text: str) -> Node:
    """Return the tree of a YAML text."""
    found = parse(text, file="config.yml", diagnostics=Diagnostics())
    assert found is not None
    return found


def configs(
    text: str, *, generation: Generation = Generation.MODERN, diagnostics: Diagnostics | None = None
) -> list[ComponentConfig]:
    """Return the components of a YAML list or template name."""
    return read_pipeline(
        node(text), generation=generation, at=AT, diagnostics=diagnostics or Diagnostics()
    )


def train(
    pipeline: str,
    data: str = TRAVEL,
    *,
    generation: Generation = Generation.MODERN,
    diagnostics: Diagnostics | None = None,
    seed: int = 0,
) -> Pipeline:
    """Return a trained pipeline."""
    found = diagnostics or Diagnostics()
    return train_pipeline(
        configs(pipeline, generation=generation, diagnostics=found),
        nlu(data),
        generation=generation,
        diagnostics=found,
        seed=seed,
    )


def names(*components: str, **parameters: dict[str, Any]) -> str:
    """Return the YAML of a list of components, parameters by component name."""
    lines: list[str] = []
    for component in components:
        lines.append(f"- name: {component}")
        lines += [f"  {key}: {value}" for key, value in parameters.get(component, {}).items()]
    return "\n".join(lines)


def codes(diagnostics: Diagnostics) -> list[str]:
    """Return the codes of all problems found."""
    return [problem.code for problem in diagnostics.problems]


def message(text: str) -> Message:
    """Return a message cut at white space."""
    made = Message(text)
    made.set_tokens(align(text, text.split()))
    return made
