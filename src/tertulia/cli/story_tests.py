"""Tests models on stories: prints what failed, writes the files.

Source: spec evaluation.md section 1.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from tertulia.app import connect
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError, DataError
from tertulia.cli.validate import show_problems
from tertulia.core.domain.model import Generation
from tertulia.data.stories.model import StoryData
from tertulia.data.stories.read import read_stories
from tertulia.evaluation.files import Wanted, result_files, story_text
from tertulia.evaluation.report import tables
from tertulia.evaluation.results import Evaluation, StoryResult
from tertulia.evaluation.run import evaluate
from tertulia.evaluation.show import Side, story_lines
from tertulia.model.find import find_model, find_models
from tertulia.model.load import Model, load_model

_COLORS = {Side.BOTH: None, Side.STORY: "green", Side.BOT: "red"}


class StoryTest(msgspec.Struct, frozen=True, kw_only=True):
    """What to test with. stop: end at the first story with a wrong prediction."""

    stories: Path
    out: Path
    wanted: Wanted
    end_to_end: bool = False
    max_stories: int | None = None
    stop: bool = False


def run_tests(test: StoryTest, paths: Sequence[Path], *, every: bool) -> int:
    """Test each model and write its files; those of several go into a folder each.

    every: the paths are folders, and all models in them are meant.

    Raises:
        DataError: there is no story, or one failed where that shall stop the run.
        ModelError: a model cannot be used.
        ConfigError: the files cannot be written.
    """
    models = [one for path in paths for one in (find_models(path) if every else [find_model(path)])]
    counts: list[str] = []
    for path in models:
        if len(models) > 1:
            click.secho(f"\n{path}", bold=True)
        model = connect(load_model(path))
        evaluation = _evaluated(model, test)
        _show(evaluation)
        out = test.out if len(models) == 1 else test.out / path.name.removesuffix(".tar.gz")
        _write(result_files(evaluation, test.wanted), out)
        counts.append(f"{len(evaluation.successful)} / {len(evaluation.stories)}  {path}")
    if len(models) > 1:
        click.echo("\nStories that passed:")
        for line in counts:
            click.echo(f"  {line}")
    return 0


def _evaluated(model: Model, test: StoryTest) -> Evaluation:
    if test.end_to_end and model.pipeline is None:
        click.echo(
            "The model understands no messages; intents and entities are taken as written.",
            err=True,
        )
    evaluation = evaluate(
        model,
        _stories(model, test),
        end_to_end=test.end_to_end,
        max_stories=test.max_stories,
        only_first_failure=test.stop,
    )
    if test.stop and evaluation.failed:
        story = evaluation.failed[0]
        raise DataError(
            f"the story '{story.name}' fails:\n\n{story_text(story, evaluation)}",
            hint="Correct the story, or train with stories that lead there.",
            at=story.at,
            code="T345",
        )
    return evaluation


def _stories(model: Model, test: StoryTest) -> StoryData:
    diagnostics = Diagnostics()
    kind = "test" if test.end_to_end else "train"
    data = read_stories(
        [test.stories], domain=model.domain, env=os.environ, kind=kind, diagnostics=diagnostics
    )
    if not test.end_to_end and test.stories.is_dir() and _has_test_files(model):
        # Training passes over these files, a test of what is predicted does not.
        data += read_stories(
            [test.stories],
            domain=model.domain,
            env=os.environ,
            kind="test",
            diagnostics=diagnostics,
        )
    diagnostics.raise_if_errors()
    show_problems(diagnostics.warnings, err=True)
    if not data.stories:
        raise DataError(
            f"there is no story to test in '{test.stories}'",
            hint="Name a file or folder with --stories; files of test stories are called "
            "test_*.yml.",
            code="T344",
        )
    return data


def _has_test_files(model: Model) -> bool:
    return model.domain.generation is Generation.MODERN


def _show(evaluation: Evaluation) -> None:
    for story in evaluation.failed:
        _show_story(story)
    for line in tables(evaluation):
        click.echo(line)


def _show_story(story: StoryResult) -> None:
    place = f"  {story.at}" if story.at else ""
    click.secho(f"FAILED {story.name}", bold=True, nl=False)
    click.echo(place)
    for line in story_lines(story):
        click.secho(str(line), fg=_COLORS[line.side])
    click.echo()


def _write(files: dict[str, str], out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (out / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"the results cannot be written to '{out}': {error.strerror}",
            hint="Name another folder with --out.",
            code="T199",
        ) from error
    click.echo(f"The results are in {out}")
