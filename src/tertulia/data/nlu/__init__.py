"""NLU training data: read from Markdown, YAML and JSON, check, write.

Source: nlu.md sections 1 to 6.
"""

from tertulia.data.nlu.annotations import Annotated, annotate, read_annotations
from tertulia.data.nlu.check import check_nlu
from tertulia.data.nlu.model import (
    Entity,
    Example,
    Lookup,
    NluData,
    Regex,
    Synonym,
    Synonyms,
    merge_all,
)
from tertulia.data.nlu.read import read_nlu, read_nlu_text
from tertulia.data.nlu.write import write_json, write_markdown, write_yaml

__all__ = [
    "Annotated",
    "Entity",
    "Example",
    "Lookup",
    "NluData",
    "Regex",
    "Synonym",
    "Synonyms",
    "annotate",
    "check_nlu",
    "merge_all",
    "read_annotations",
    "read_nlu",
    "read_nlu_text",
    "write_json",
    "write_markdown",
    "write_yaml",
]
