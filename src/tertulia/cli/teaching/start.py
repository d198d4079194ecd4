"""Puts interactive learning together: the model, a conversation in memory, the person.

Source: spec evaluation.md section 5.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from tertulia.app import AppSettings, build_service
from tertulia.cli.files import DOMAINS, project_files
from tertulia.cli.place import project_folder
from tertulia.cli.talk import Screen
from tertulia.cli.teaching.dialog import Dialog
from tertulia.cli.teaching.learn import OnlineLearning
from tertulia.cli.teaching.save import Saving
from tertulia.cli.teaching.session import Session
from tertulia.cli.training import Checks, Job, train_job
from tertulia.core.domain.model import Generation
from tertulia.model.find import find_model
from tertulia.model.load import Model, load_model
from tertulia.model.packed import pack
from tertulia.training.run import Settings

Given = Mapping[str, Any]


def teach(given: Given, *, nlu: bool) -> int:
    """Teach until the person leaves; return the exit status. nlu: messages are understood."""
    path = find_model(given["model"]) if given["model"] else _trained(given, nlu=nlu)
    if path is None:
        return 1
    with suppress(ImportError):  # not on every system
        import_module("readline")  # gives the prompt arrow keys and a history
    return run_dialog(load_model(path), path, given)


def run_dialog(model: Model, path: Path, given: Given) -> int:
    """Talk with a person about what a loaded model does."""
    packed = pack(path)
    settings = AppSettings(
        model=model,
        packed=packed,
        folder=project_folder(path),
        store="memory",
        endpoints=given["endpoints"],
        tells=False,
    )
    with asyncio.Runner() as runner:
        service = runner.run(build_service(settings))
        try:
            screen = Screen(service.ready().generation, click.echo)
            learn = OnlineLearning(service, packed)
            session = Session(service, given["conversation_id"], screen, learn=learn)
            domain = service.ready().domain
            return Dialog(session, screen, runner, domain, _saving(model, given)).run()
        finally:
            runner.run(service.close())


def _trained(given: Given, *, nlu: bool) -> Path | None:
    project = project_files(
        config=given["config"], domain=given["domain"], nlu=given["data"], stories=given["data"]
    )
    job = Job(
        project=project,
        settings=Settings(nlu=nlu),
        out=given["out"],
        checks=Checks(skip=True),
    )
    return train_job(job)


def _saving(model: Model, given: Given) -> Saving:
    legacy = model.generation is Generation.LEGACY
    ending = ".md" if legacy else ".yml"
    folder = next((path for path in given["data"] if path.is_dir()), Path("data"))
    stories = folder / f"stories{ending}"
    if given["e2e"]:
        stories = Path("tests") / f"test_stories{ending}"
    usual = next((path for path in DOMAINS if path.exists()), DOMAINS[0])
    return Saving(
        stories=stories,
        nlu=folder / f"nlu{ending}",
        domain=given["domain"] or usual,
        end_to_end=given["e2e"],
    )
