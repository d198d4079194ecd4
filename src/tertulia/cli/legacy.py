"""What the modules named after the 0.x originals do: two models in folders, served together.

Source: spec cli.md section 1.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from tertulia.app import RandomIds, SystemClock
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError
from tertulia.cli.core_comparison import CoreComparison, train_comparison
from tertulia.cli.credentials import CONSOLE
from tertulia.cli.progress import shown_progress
from tertulia.cli.serving import read_options, serve_project
from tertulia.cli.validate import show_problems
from tertulia.core.domain.model import Generation
from tertulia.data.stories.write_markdown import write_markdown
from tertulia.model.archive import write_model
from tertulia.model.content import Content
from tertulia.training.config import read_config
from tertulia.training.names import dated_folder
from tertulia.training.project import Project, ProjectData, read_project
from tertulia.training.run import Settings, new_identity, train

_STORIES = "stories.md"


def train_dialogue(
    *,
    stories: Path,
    domain: Path,
    config: Path | None,
    out: Path,
    augmentation: int,
    dump_stories: bool,
) -> int:
    """Train a dialogue model into the folder `out`; return the exit status."""
    data = _read(
        Project(
            config=(config,) if config else (),
            domain=(domain,),
            stories=(stories,),
            generation=Generation.LEGACY,
        )
    )
    content = _train(data, Settings(nlu=False, augmentation=augmentation))
    if dump_stories:
        text = write_markdown(data.stories.stories).encode()
        entries = {**content.entries, _STORIES: text}
        content = msgspec.structs.replace(content, entries=entries)
    write_model(content, out, "folder")
    click.echo(f"The dialogue model is {out}")
    return 0


def train_to_compare(
    *,
    stories: Path,
    domain: Path,
    config: Sequence[Path],
    out: Path,
    augmentation: int,
    percentages: Sequence[int],
    runs: int,
) -> int:
    """Train a policy of each file on all stories and on fewer; return the exit status.

    Raises:
        ConfigError: a file has not exactly one policy, or two have the same.
    """
    project = Project(domain=(domain,), stories=(stories,), generation=Generation.LEGACY)
    projects = [msgspec.structs.replace(project, config=(one,), env=os.environ) for one in config]
    named = {_only_policy(one): one for one in projects}
    if len(named) < len(projects):
        raise ConfigError(
            "two of the files to compare have the same policy",
            hint="Models are named after their policy; `tertulia train core -c` names them after "
            "the files.",
        )
    train_comparison(
        CoreComparison(
            projects=named,
            settings=Settings(nlu=False, augmentation=augmentation),
            out=out,
            runs=runs,
            percentages=percentages,
            file_name=lambda name, number: f"{name}{number}",
            kind="folder",
        )
    )
    return 0


def _only_policy(project: Project) -> str:
    (config,) = project.config
    node = read_config(project.config, env=os.environ, diagnostics=Diagnostics()).policies
    names = [one.get("name") for one in node.elements()] if node and node.is_list else []
    if len(names) != 1 or names[0] is None or not isinstance(names[0].value, str):
        raise ConfigError(
            f"'{config}' must have exactly one policy to be compared, not {len(names)}",
            hint="Write one file for each policy.",
            at=node.span if node else None,
        )
    return names[0].value.rpartition(".")[2]


def train_language(*, config: Path, data: Path, folder: Path, name: str | None) -> int:
    """Train an NLU model into a folder in `folder`; return the exit status."""
    read = _read(Project(config=(config,), nlu=(data,), generation=Generation.LEGACY))
    out = folder / (name or dated_folder(SystemClock()))
    write_model(_train(read, Settings(core=False)), out, "folder")
    click.echo(f"The NLU model is {out}")
    return 0


def serve_dialogue(given: Mapping[str, Any]) -> int:
    """Serve as `rasa_core.run` did; return the exit status. given: its options by name."""
    options = {**given}
    alone = options["connector"] in (None, CONSOLE) and options["credentials"] is None
    return serve_project(
        read_options(
            {
                **{name: value for name, value in options.items() if name != "core"},
                "model": options["core"],
                "cors": tuple(options["cors"]),
                "profile": "legacy",
                "attended": alone,
            }
        )
    )


def _read(project: Project) -> ProjectData:
    data = read_project(msgspec.structs.replace(project, env=os.environ))
    data.diagnostics.raise_if_errors()
    return data


def _train(data: ProjectData, settings: Settings) -> Content:
    with shown_progress() as listener:
        content = train(data, new_identity(SystemClock(), RandomIds()), settings, progress=listener)
    show_problems(data.diagnostics.warnings, err=True)
    return content
