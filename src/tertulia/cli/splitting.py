"""Parts of training data as files.

Source: spec evaluation.md section 2.5.
"""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.cli.data_files import (
    ENDINGS,
    format_of,
    nlu_of,
    nlu_text,
    refuse_existing,
    stories_of,
    stories_text,
)
from tertulia.cli.results import write_files
from tertulia.data.nlu import Example, NluData, Synonyms
from tertulia.data.source_files import find_files
from tertulia.data.stories.model import StoryData
from tertulia.evaluation.nlu.compare import split


def nlu_parts(paths: Sequence[Path], fraction: float, seed: int) -> dict[str, str]:
    """Return file names with text. Synonyms, patterns and tables are for training.

    Raises:
        DataError: there are no examples (T385).
    """
    data, kind = nlu_of(paths), format_of(paths)
    if not data.examples:
        raise DataError(
            "there are no NLU examples to part", hint="Name their files with --nlu.", code="T385"
        )
    first, second = split(data.examples, fraction, seed)
    ending = ENDINGS[kind]
    responses = {name: nodes for name, nodes in data.responses.items() if kind == "yaml"}
    parts = {
        f"training_data{ending}": replace(data, examples=tuple(first), responses=responses),
        f"test_data{ending}": NluData(
            examples=tuple(second), synonyms=_used(data.synonyms, second)
        ),
    }
    files = {name: nlu_text(part, kind) for name, part in parts.items() if part.examples}
    if data.responses and kind != "yaml":
        files["responses.yml"] = nlu_text(NluData(responses=data.responses), "yaml")
    return files


def _used(synonyms: Synonyms, examples: Sequence[Example]) -> Synonyms:
    """Return the synonyms that annotations state, which reading the examples makes again."""
    texts = {one.text[entity.start : entity.end] for one in examples for entity in one.entities}
    return Synonyms(one for one in synonyms.definitions if one.text in texts)


def story_parts(paths: Sequence[Path], fraction: float, seed: int) -> dict[str, str]:
    """Return file names with text.

    Raises:
        DataError: there are no stories (T389).
    """
    files: dict[str, str] = {}
    for path in find_files(paths, diagnostics=Diagnostics()):
        data = stories_of([path]) if path.suffix in (".yml", ".yaml", ".md") else StoryData()
        if data.stories:
            files |= _parts(path, data, fraction, seed)
    if not files:
        raise DataError(
            "there are no stories to part", hint="Name their files with --stories.", code="T389"
        )
    return files


def _parts(path: Path, data: StoryData, fraction: float, seed: int) -> Mapping[str, str]:
    order = list(range(len(data.stories)))
    random.Random(f"{seed}:{path.name}").shuffle(order)  # noqa: S311 - deals stories
    kept = set(order[: max(1, int(len(order) * fraction + 1e-9))])
    train = tuple(one for place, one in enumerate(data.stories) if place in kept)
    test = tuple(one for place, one in enumerate(data.stories) if place not in kept)
    kind = format_of([path])
    parts = {
        f"train_{path.name}": StoryData(stories=train, rules=data.rules),
        f"test_{path.name}": StoryData(stories=test),
    }
    return {name: stories_text(part, kind) for name, part in parts.items() if part.stories}


def write_parts(files: Mapping[str, str], out: Path) -> int:
    """Write the parts, and say which."""
    for name in files:
        refuse_existing(out / name)
    write_files({name: text.encode() for name, text in files.items()}, out)
    for name in files:
        click.echo(f"written: {out / name}")
    return 0
