"""Training data as files: in which format, written so that reading it back gives the same.

Rule: what was written is read again and compared before anything reaches the disk.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError, DataError
from tertulia.cli.validate import show_problems
from tertulia.data.nlu import (
    Example,
    NluData,
    read_nlu,
    read_nlu_text,
    write_json,
    write_markdown,
    write_yaml,
)
from tertulia.data.source_files import find_files
from tertulia.data.stories import write_markdown as story_markdown
from tertulia.data.stories import write_yaml as story_yaml
from tertulia.data.stories.model import Story, StoryData
from tertulia.data.stories.read import read_stories, read_stories_text

Format = Literal["yaml", "json", "md"]

ENDINGS: dict[Format, str] = {"yaml": ".yml", "json": ".json", "md": ".md"}
_FORMATS: dict[str, Format] = {
    ".yml": "yaml",
    ".yaml": "yaml",
    ".json": "json",
    ".md": "md",
    ".markdown": "md",
}


def nlu_of(paths: Sequence[Path]) -> NluData:
    """Return the NLU data of files and folders.

    Raises:
        ProblemsFound: the files have mistakes.
    """
    diagnostics = Diagnostics()
    data = read_nlu(paths, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    show_problems(diagnostics.warnings, err=True)
    return data


def stories_of(paths: Sequence[Path]) -> StoryData:
    """Return the stories and rules of files and folders; names are not checked.

    Raises:
        ProblemsFound: the files have mistakes.
    """
    diagnostics = Diagnostics()
    data = read_stories(paths, domain=None, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    return data


def format_of(paths: Sequence[Path]) -> Format:
    """Return the format that all files have, YAML where they have several."""
    found: set[Format] = {
        _FORMATS[file.suffix.lower()]
        for file in find_files(paths, diagnostics=Diagnostics())
        if file.suffix.lower() in _FORMATS
    }
    return found.pop() if len(found) == 1 else "yaml"


def nlu_text(data: NluData, kind: Format) -> str:
    """Return the data as text that reads back the same.

    Raises:
        DataError: the format cannot hold it (T358).
    """
    write = {"yaml": write_yaml, "json": write_json, "md": write_markdown}[kind]
    text = write(data)
    diagnostics = Diagnostics()
    again = read_nlu_text(text, file=f"written{ENDINGS[kind]}", diagnostics=diagnostics)
    if _essence(again) != _essence(data):
        raise _changed("NLU data")
    return text


def stories_text(data: StoryData, kind: Format) -> str:
    """Return stories and rules as text that reads back the same.

    Raises:
        DataError: the format cannot hold them (T358).
    """
    if kind == "json":
        raise DataError(
            "there are no stories in JSON", hint="Choose --format yaml or md.", code="T387"
        )
    stories = [*data.stories, *data.rules]
    text = (
        story_yaml.write_yaml(stories) if kind == "yaml" else story_markdown.write_markdown(stories)
    )
    again = read_stories_text(
        text, file=f"written{ENDINGS[kind]}", domain=None, diagnostics=Diagnostics()
    )
    if _said([*again.stories, *again.rules]) != _said(stories):
        raise _changed("stories")
    return text


def _said(stories: Sequence[Story]) -> list[object]:
    """Return what stories say: their own text once they are written in one way."""
    return [story_yaml.write_yaml([story.without_places()]) for story in stories]


def _essence(data: NluData) -> object:
    """Return what pipelines learn from, in an order that does not depend on the format."""
    examples = sorted(
        (one.label or "", one.text, repr(one.entities)) for one in _without_extractors(data)
    )
    patterns = sorted((one.name, one.pattern) for one in data.regexes)
    tables = {name: sorted(words) for name, words in data.lookup_tables.items() if words}
    return examples, dict(data.synonyms), patterns, tables, sorted(data.responses)


def _without_extractors(data: NluData) -> list[Example]:
    return [
        replace(one, entities=tuple(replace(entity, extractor=None) for entity in one.entities))
        for one in data.examples
    ]


def _changed(what: str) -> DataError:
    return DataError(
        f"the {what} would not read back the same in this format",
        hint="Choose another --format. Nothing was written.",
        code="T388",
    )


def refuse_existing(path: Path) -> None:
    """Make sure that nothing is overwritten.

    Raises:
        ConfigError: the path is there already (T386).
    """
    if path.exists():
        raise ConfigError(
            f"'{path}' is there already, and nothing is overwritten",
            hint="Move it away, or name another place with --out.",
            code="T386",
        )
