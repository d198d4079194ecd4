"""`tertulia train`, `train core`, `train nlu`.

Source: spec cli.md section 2.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tertulia.cli.command import (
    PATH,
    Command,
    Decorated,
    logging_options,
    refused,
    without_effect,
)

if TYPE_CHECKING:
    from tertulia.cli.training import Job

_RUNS = 3
_PERCENTAGES = (0, 25, 50, 75)


def _many_paths(*names: str, default: str) -> Any:
    return click.option(
        *names, type=PATH, multiple=True, metavar="PATH...", help=f"[default: {default}]"
    )


def _common(function: Decorated) -> Decorated:
    options = (
        click.option("--out", type=PATH, default=Path("models"), help="[default: models]"),
        click.option("--fixed-model-name", "name", help="File name for the model."),
        click.option("--force", is_flag=True, help="Learn everything again."),
        refused(
            "--finetune",
            "Training starts afresh and takes over what did not change; leave the option out.",
            value_optional=True,
        ),
        refused("--epoch-fraction", "It belongs to --finetune; leave it out."),
        without_effect("--num-threads", takes_value=True, why="one thread is used"),
        logging_options(),
    )
    for option in reversed(options):
        function = option(function)
    return function


def _dialogue(function: Decorated) -> Decorated:
    options = (
        click.option("-d", "--domain", type=PATH, help="File or folder.  [default: domain.yml]"),
        click.option(
            "--augmentation",
            type=click.IntRange(min=0),
            default=50,
            show_default=True,
            help="How many stories are joined at random to longer ones.",
        ),
        refused(
            "--debug-plots",
            "Check the stories with `tertulia data validate stories`.",
            takes_value=False,
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=Command, help="Train a model from the project's files, if something changed.")
@_many_paths("--data", default="data")
@click.option("-c", "--config", type=PATH, help="[default: config.yml]")
@_dialogue
@click.option("--dry-run", is_flag=True, help="Only say whether training is needed.")
@click.option("--skip-validation", is_flag=True, help="Do not look for contradictions first.")
@click.option("--fail-on-validation-warnings", is_flag=True)
@click.option("--validation-max-history", type=click.IntRange(min=1), metavar="N")
@without_effect(
    "--persist-nlu-data", takes_value=False, why="a model holds what was learned, not the data"
)
@without_effect("--endpoints", takes_value=True, why="training calls no other server")
@_common
def train(**given: Any) -> int:
    """Train both parts."""
    from tertulia.cli.training import dry_run, train_job

    job = _job(given, nlu=given["data"], stories=given["data"])
    if given["dry_run"]:
        return dry_run(job)
    return 1 if train_job(job) is None else 0


@click.command(
    cls=Command,
    help="Train only what decides the next step. Several configurations are trained on all stories "
    "and on fewer, to be compared by `test core`.",
)
@_many_paths("-s", "--stories", default="data")
@_many_paths("-c", "--config", default="config.yml")
@_dialogue
@click.option(
    "--percentages",
    type=click.IntRange(0, 99),
    multiple=True,
    metavar="N...",
    help="Compare: how many of the stories to keep out.  [default: 0 25 50 75]",
)
@click.option("--runs", type=click.IntRange(min=1), help="Compare: how often.  [default: 3]")
@_common
def train_core(**given: Any) -> int:
    """Train the dialogue part."""
    from tertulia.cli.training import train_job

    job = _job(given, nlu=given["stories"], stories=given["stories"], parts="core")
    if len(given["config"]) > 1 or given["percentages"] or given["runs"]:
        return _compare(given, job)
    return 1 if train_job(job) is None else 0


def _compare(given: Mapping[str, Any], job: "Job") -> int:
    from msgspec.structs import replace

    from tertulia.cli.core_comparison import CoreComparison, named_projects, train_comparison
    from tertulia.cli.story_comparison import PERCENTAGE_KEY

    configs: tuple[Path, ...] = given["config"] or job.project.config
    train_comparison(
        CoreComparison(
            projects=named_projects(configs, lambda one: replace(job.project, config=(one,))),
            settings=job.settings,
            out=job.out,
            runs=given["runs"] or _RUNS,
            percentages=given["percentages"] or _PERCENTAGES,
            file_name=lambda name, number: f"{name}{PERCENTAGE_KEY}{number}.tar.gz",
        )
    )
    return 0


@click.command(cls=Command, help="Train only what understands messages.")
@_many_paths("-u", "--nlu", default="data")
@click.option("-c", "--config", type=PATH, help="[default: config.yml]")
@click.option("-d", "--domain", type=PATH, help="File or folder; not needed.")
@without_effect(
    "--persist-nlu-data", takes_value=False, why="a model holds what was learned, not the data"
)
@_common
def train_nlu(**given: Any) -> int:
    """Train the NLU part."""
    from tertulia.cli.training import train_job

    job = _job(given, nlu=given["nlu"], stories=(), parts="nlu")
    return 1 if train_job(job) is None else 0


def _job(
    given: Mapping[str, Any],
    *,
    nlu: tuple[Path, ...],
    stories: tuple[Path, ...],
    parts: str = "core and nlu",
) -> "Job":
    from tertulia.cli.files import project_files
    from tertulia.cli.training import Checks, Job
    from tertulia.training.run import Settings

    config: Path | tuple[Path, ...] | None = given["config"]
    only_nlu = parts == "nlu"
    return Job(
        project=project_files(
            config=config if isinstance(config, tuple) else (config,) if config else (),
            domain=given["domain"],
            nlu=nlu,
            stories=stories,
            only_nlu=only_nlu,
        ),
        settings=Settings(
            core="core" in parts,
            nlu="nlu" in parts,
            augmentation=given.get("augmentation", 50),
            force=given["force"],
        ),
        out=given["out"],
        name=given["name"],
        checks=Checks(
            skip=parts != "core and nlu" or given["skip_validation"],
            fail_on_warnings=given.get("fail_on_validation_warnings", False),
            max_history=given.get("validation_max_history"),
        ),
    )
