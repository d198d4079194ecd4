"""Trains configurations on all stories and on fewer of them, to be compared by `test core`.

Source: spec evaluation.md section 1.5.
"""

import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from tertulia.app import RandomIds, SystemClock
from tertulia.base.errors import ConfigError
from tertulia.cli.progress import shown_progress
from tertulia.cli.results import write_files
from tertulia.cli.story_comparison import STORY_COUNTS
from tertulia.cli.validate import show_problems
from tertulia.data.stories.model import StoryData
from tertulia.model.archive import ContainerKind, write_model
from tertulia.training.project import Project, ProjectData, read_project
from tertulia.training.run import Settings, new_identity, train


class CoreComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What to train: each project at each percentage, in each run.

    projects: by the name of their configuration. percentages: of stories to keep out. file_name:
    of a model, from the name and the number of the percentage, from 1 on. kind: how it is kept.
    """

    projects: Mapping[str, Project]
    settings: Settings
    out: Path
    runs: int
    percentages: Sequence[int]
    file_name: Callable[[str, int], str]
    kind: ContainerKind = "tar.gz"


class _Task(msgspec.Struct, frozen=True, kw_only=True):
    data: ProjectData
    path: Path
    told: str


def train_comparison(wanted: CoreComparison) -> None:
    """Train and write all models, and beside them how many stories each percentage left.

    Rules are never kept out, and one story is always left.

    Raises:
        ProblemsFound: a project has mistakes.
        ModelError: a model cannot be written.
    """
    read = {name: _read(project) for name, project in wanted.projects.items()}
    stories = next(iter(read.values())).stories
    left = [_left(len(stories.stories), share) for share in wanted.percentages]
    for task in _tasks(wanted, read, left):
        click.echo(task.told)
        with shown_progress() as listener:
            identity = new_identity(SystemClock(), RandomIds())
            content = train(task.data, identity, wanted.settings, progress=listener)
        write_model(content, task.path, wanted.kind)
    write_files({STORY_COUNTS: json.dumps(left).encode()}, wanted.out)
    click.echo(f"The models are in {wanted.out}; compare them with `tertulia test core`.")


def named_projects(
    configs: Sequence[Path], project: Callable[[Path], Project]
) -> dict[str, Project]:
    """Return the projects by the names of their configurations, without ending.

    Raises:
        ConfigError: two configurations have the same name, which would give the same file.
    """
    found = {config.stem: project(config) for config in configs}
    if len(found) < len(configs):
        raise ConfigError(
            "two of the configurations to compare have the same name",
            hint="Models are named after the files; rename one of them.",
        )
    return found


def _read(project: Project) -> ProjectData:
    data = read_project(project)
    data.diagnostics.raise_if_errors()
    show_problems(data.diagnostics.warnings, err=True)
    return data


def _left(count: int, percentage: int) -> int:
    return max(1, count - round(count * percentage / 100))


def _tasks(
    wanted: CoreComparison, read: Mapping[str, ProjectData], left: Sequence[int]
) -> Iterator[_Task]:
    for run in range(1, wanted.runs + 1):
        for number, (share, count) in enumerate(zip(wanted.percentages, left, strict=True), 1):
            for name, data in read.items():
                chosen = _some(data.stories, count, seed=wanted.settings.seed + run)
                yield _Task(
                    data=msgspec.structs.replace(data, stories=chosen),
                    path=wanted.out / f"run_{run}" / wanted.file_name(name, number),
                    told=f"Run {run} of {wanted.runs}, {name} without {share} % of the stories "
                    f"({count} left)",
                )


def _some(data: StoryData, count: int, *, seed: int) -> StoryData:
    """Return the data with that many stories; the same seed keeps the same, fewer of them."""
    order = list(range(len(data.stories)))
    random.Random(seed).shuffle(order)  # noqa: S311 - no secret, and to be the same each time
    kept = sorted(order[:count])
    return msgspec.structs.replace(data, stories=tuple(data.stories[at] for at in kept))
