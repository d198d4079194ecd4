"""DIET of the original, in a Python of its own: trained on examples and asked about texts."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SCRIPT = Path(__file__).with_name("rasa_nlu.py")
_QUIET = {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1"}
# What the original suggests to a bot without a configuration, as far as it is about messages; its
# fallback is left out, since a message that it rejects counts by the intent behind it.
PIPELINE = """\
recipe: default.v1
assistant_id: benchmark
language: en
pipeline:
- name: WhitespaceTokenizer
- name: RegexFeaturizer
- name: LexicalSyntacticFeaturizer
- name: CountVectorsFeaturizer
- name: CountVectorsFeaturizer
  analyzer: char_wb
  min_ngram: 1
  max_ngram: 4
- name: DIETClassifier
  epochs: {epochs}
  constrain_similarities: true
  random_seed: 0
"""


@dataclass(frozen=True)
class Original:
    """A Python with rasa 3.6 installed, and how many passes its classifier makes."""

    python: Path
    epochs: int

    def ask(self, examples: Sequence[dict[str, Any]], texts: Sequence[str]) -> dict[str, Any]:
        """Return what `rasa_nlu.py` writes: seconds and memory of training, and the answers.

        examples: with `text`, `intent` and `entities`.
        """
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            (folder / "config.yml").write_text(PIPELINE.format(epochs=self.epochs))
            data = {"rasa_nlu_data": {"common_examples": list(examples)}}
            (folder / "nlu.json").write_text(json.dumps(data))
            (folder / "texts.json").write_text(json.dumps(list(texts)))
            command = [str(self.python), str(_SCRIPT), place]
            subprocess.run(command, check=True, cwd=folder, env=os.environ | _QUIET, stdout=2)
            answers: dict[str, Any] = json.loads((folder / "answers.json").read_text())
            return answers
