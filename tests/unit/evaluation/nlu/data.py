"""Small NLU data, and pipelines trained on it."""

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.data.nlu import NluData, read_nlu_text
from tertulia.data.yaml import parse
from tertulia.nlu.config import read_pipeline
from tertulia.nlu.pipeline import Pipeline, train_pipeline

KEYWORDS = """\
- name: WhitespaceTokenizer
- name: KeywordIntentClassifier
- name: RegexEntityExtractor
"""

DATA = """\
version: "3.1"
nlu:
- intent: greet
  examples: |
    - hello
    - hi
- intent: bye
  examples: |
    - goodbye
- intent: book
  examples: |
    - book [rome](city)
- lookup: city
  examples: |
    - rome
"""


def read(text: str) -> NluData:
    diagnostics = Diagnostics()
    data = read_nlu_text(text, file="nlu.yml", diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    return data


def pipeline(
    text: str = KEYWORDS, data: str = DATA, generation: Generation = Generation.MODERN
) -> Pipeline:
    return train(read(data), text, generation)


def train(
    data: NluData, text: str = KEYWORDS, generation: Generation = Generation.MODERN
) -> Pipeline:
    diagnostics = Diagnostics()
    root = parse(text, file="config.yml", diagnostics=diagnostics)
    assert root is not None
    configs = read_pipeline(root, generation=generation, at=root.span, diagnostics=diagnostics)
    return train_pipeline(configs, data, generation=generation, diagnostics=diagnostics)


def examples(count: int, *labels: str) -> NluData:
    """Return `count` examples of each label, each with a word of its own."""
    sections = [
        f"- intent: {label}\n  examples: |\n"
        + "".join(f"    - {label} number {n}\n" for n in range(count))
        for label in labels
    ]
    return read('version: "3.1"\nnlu:\n' + "".join(sections))
