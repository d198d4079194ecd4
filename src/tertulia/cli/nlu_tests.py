"""Tests models and configurations on NLU examples: prints the figures, gives what is written.

Source: spec evaluation.md section 2.
"""

import os
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from tertulia.app import connect_pipeline
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError, DataError
from tertulia.cli.files import project_files
from tertulia.cli.progress import shown_progress
from tertulia.cli.results import Results
from tertulia.cli.validate import show_problems
from tertulia.data.nlu import NluData, read_nlu
from tertulia.evaluation.nlu.compare import NluComparison, compare_nlu
from tertulia.evaluation.nlu.files import as_json, part_files
from tertulia.evaluation.nlu.folds import CrossValidation, Trainer, cross_validate
from tertulia.evaluation.nlu.pages import cross_validation_section, nlu_sections
from tertulia.evaluation.nlu.report import INTENT, Part, parts_of
from tertulia.evaluation.nlu.run import evaluate_nlu
from tertulia.evaluation.page import Section, chart
from tertulia.model.load import Model
from tertulia.training.nlu_only import nlu_trainer
from tertulia.training.progress import Step
from tertulia.training.project import ProjectData, read_project

COMPARISON_CHART = "nlu_model_comparison_graph"


class NluTest(msgspec.Struct, frozen=True, kw_only=True):
    """What to test with. errors, successes: whether those examples are written."""

    data: tuple[Path, ...]
    errors: bool = True
    successes: bool = False


class Repeated(msgspec.Struct, frozen=True, kw_only=True):
    """How often and with how much data to train. configs: none means the usual one."""

    configs: tuple[Path, ...] = ()
    domain: Path | None = None
    folds: int = 5
    runs: int = 3
    percentages: tuple[int, ...] = (0, 25, 50, 75)
    seed: int = 42


def model_results(model: Model, test: NluTest) -> tuple[Results, list[Part]]:
    """Test a model on the examples; print the figures and return what to write.

    Raises:
        ConfigError: the model understands no messages (T384).
        DataError: there are no examples (T385).
    """
    if model.pipeline is None:
        raise ConfigError(
            "the model understands no messages, so no example can be tested",
            hint="Train with NLU data: tertulia train.",
            code="T384",
        )
    data = read_examples(test.data)
    with _told() as tell:
        found = evaluate_nlu(
            model.pipeline, data.examples, progress=lambda done: tell("examples", done)
        )
    parts = parts_of(found)
    show_parts(parts)
    return _results(parts, test), parts


def cross_validation_results(test: NluTest, how: Repeated) -> tuple[Results, list[Part]]:
    """Train and test on parts of the examples; print the figures and return what to write.

    Raises:
        ProblemsFound: the project has mistakes.
        DataError: there are too few examples.
    """
    project = _project(how.configs[0] if how.configs else None, test.data, how.domain)
    with _told() as tell:
        found = cross_validate(
            project.nlu,
            _trainer(project, how),
            generation=project.generation,
            folds=how.folds,
            seed=how.seed,
            progress=tell,
        )
    _show_cross_validation(found)
    parts = parts_of(found.test)
    return Results(files={}, sections=[cross_validation_section(found)]) + _results(
        parts, test
    ), parts


def comparison_results(test: NluTest, how: Repeated) -> Results:
    """Compare configurations on all of the data and on less; return what to write.

    Raises:
        ProblemsFound: the project has mistakes.
    """
    trainers: dict[str, Trainer] = {}
    data: NluData | None = None
    for config in how.configs or (None,):
        project = _project(config, test.data, how.domain)
        trainers[_name(config, trainers)] = _trainer(project, how)
        data = project.nlu
    if data is None:
        raise AssertionError("there is always one configuration")
    with _told() as tell:
        found = compare_nlu(
            trainers,
            data,
            runs=how.runs,
            percentages=how.percentages,
            seed=how.seed,
            progress=tell,
        )
    return _compared(found, test)


def read_examples(paths: Sequence[Path]) -> NluData:
    """Return the examples of files and folders.

    Raises:
        ProblemsFound: the files have mistakes.
        DataError: there are no examples (T385).
    """
    diagnostics = Diagnostics()
    data = read_nlu(paths, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    show_problems(diagnostics.warnings, err=True)
    if not data.examples:
        places = ", ".join(f"'{path}'" for path in paths)
        raise DataError(
            f"there are no NLU examples in {places}",
            hint="Name the files or folders that hold them with --nlu.",
            code="T385",
        )
    return data


def show_parts(parts: Sequence[Part]) -> None:
    """Print one line for each part, and the names that are confused most."""
    for part in parts:
        scores = part.metrics.weighted
        click.secho(f"{part.title}", bold=True)
        click.echo(
            f"  F1 {scores.f1:.3f}  precision {scores.precision:.3f}  "
            f"accuracy {part.metrics.accuracy:.3f}  mistakes {len(part.errors)}"
        )
        for line in _confused_lines(part):
            click.echo(f"  {line}")


_LINES = 5


def _confused_lines(part: Part) -> list[str]:
    found = [
        (count, label, guess)
        for label, wrong in part.confused.items()
        for guess, count in wrong.items()
    ]
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    return [f"{count} x {label} taken for {guess}" for count, label, guess in found[:_LINES]]


def is_below(parts: Sequence[Part], least: float | None) -> bool:
    """Tell whether a part is worse than a person asked for, and print which."""
    if least is None:
        return False
    bad = [part for part in parts if part.metrics.weighted.f1 < least]
    for part in bad:
        click.secho(
            f"{part.title}: F1 {part.metrics.weighted.f1:.3f} is below {least:g}",
            fg="red",
            err=True,
        )
    return bool(bad)


def _results(parts: Sequence[Part], test: NluTest) -> Results:
    return Results(
        files=part_files(parts, errors=test.errors, successes=test.successes),
        charts={name: one for part in parts for name, one in part.charts.items()},
        sections=nlu_sections(parts, errors=test.errors),
    )


def _compared(found: NluComparison, test: NluTest) -> Results:
    files = {"results.json": as_json(found.results())}
    for model in found.models:
        folder = f"run_{model.run}/{model.percentage}%_exclusion/{model.name}_report"
        written = part_files(model.parts, errors=test.errors, successes=test.successes)
        files |= {f"{folder}/{name}": text for name, text in written.items()}
    drawn = found.chart()
    click.echo(f"{drawn.y_label}, by {drawn.x_label.lower()}:")
    for curve in drawn.curves:
        shown = ", ".join(
            f"{place:g}: {mean:.3f} ({deviation:.3f})"
            for place, mean, deviation in zip(
                drawn.places, curve.means, curve.deviations, strict=True
            )
        )
        click.echo(f"  {curve.name}  {shown}")
    section = Section(title=drawn.title, facts={}, blocks=[chart(drawn)])
    return Results(files=files, charts={COMPARISON_CHART: drawn}, sections=[section])


def _show_cross_validation(found: CrossValidation) -> None:
    if found.left_out:
        click.echo(f"left out for having too few examples: {', '.join(found.left_out)}", err=True)
    for name, figures in found.on_test.items():
        click.secho("Intents" if name == INTENT else name, bold=True)
        for figure, value in figures.items():
            learned = found.on_train.get(name, {}).get(figure)
            click.echo(f"  {figure:<9}  test {value}  train {learned}")


def _project(config: Path | None, data: tuple[Path, ...], domain: Path | None) -> ProjectData:
    files = project_files(
        config=(config,) if config else (), domain=domain, nlu=data, only_nlu=True
    )
    project = read_project(files)
    project.diagnostics.raise_if_errors()
    show_problems(project.diagnostics.warnings, err=True)
    if not project.nlu.examples:
        read_examples(data)
    return project


def _trainer(project: ProjectData, how: Repeated) -> Trainer:
    train = nlu_trainer(project, seed=how.seed)
    return lambda data: connect_pipeline(train(data))


def _name(config: Path | None, taken: Mapping[str, Trainer]) -> str:
    name = config.stem if config else "config"
    return name if name not in taken else f"{name}_{len(taken) + 1}"


@contextmanager
def _told() -> Generator[Callable[[str, float], None]]:
    """Give something to tell how far the work is."""
    with shown_progress() as listener:
        yield lambda what, done: listener(Step(what or "done", done))
