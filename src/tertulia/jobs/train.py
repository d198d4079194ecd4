"""Trains what came over the network, in the job's own folder.

Source: spec http_api.md "POST /model/train".
"""

import random
import time
import uuid
from pathlib import Path

from tertulia.base.errors import InputProblem, ModelError, ProblemsFound
from tertulia.jobs.order import MODEL, TRAINED, Answer, TrainOrder
from tertulia.model.archive import read_model_bytes, write_model
from tertulia.model.content import Content
from tertulia.training.names import model_name
from tertulia.training.project import Project, ProjectData, read_project
from tertulia.training.run import Settings, new_identity, train

_FILE_CODES = range(110, 128)
_DOMAIN_CODES = range(201, 262)
_MISFIT = 209
"""A section of the domain has the wrong shape, which the originals count to the file's YAML."""


class _Clock:
    def now(self) -> float:
        return time.time()


class _Ids:
    def new(self) -> str:
        return uuid.uuid4().hex


def train_order(order: TrainOrder, folder: Path) -> Answer:
    """Train, write the model beside the order, and return its name or what is wrong."""
    for name, text in order.files.items():
        path = folder / name
        path.write_text(text, encoding="utf-8")
    try:
        data = read_project(_project(order))
        data.diagnostics.raise_if_errors()
    except InputProblem as problem:
        return _refused(problem, "data")
    try:
        return _trained(order, data, folder)
    except InputProblem as problem:
        return _refused(problem, "training")


def _trained(order: TrainOrder, data: ProjectData, folder: Path) -> Answer:
    settings = Settings(augmentation=order.augmentation, force=order.force)
    previous = _previous(folder) if order.previous else None
    content = train(data, new_identity(_Clock(), _Ids()), settings, previous=previous)
    write_model(content, folder / TRAINED, "tar.gz")
    kinds = content.manifest.kinds
    name = model_name(_Clock(), random.SystemRandom(), core="core" in kinds, nlu="nlu" in kinds)
    return Answer(name=name, unchanged=content is previous)


def _project(order: TrainOrder) -> Project:
    def paths(names: tuple[str, ...]) -> tuple[Path, ...]:
        return tuple(map(Path, names))

    # No variables: what is on this machine is not for whoever sends training data.
    return Project(
        config=paths(order.config),
        domain=paths(order.domain),
        nlu=paths(order.nlu),
        stories=paths(order.stories),
        env={},
    )


def _previous(folder: Path) -> Content | None:
    try:
        return read_model_bytes((folder / MODEL).read_bytes())
    except ModelError:
        return None  # made by something else, or damaged: then everything is learned


def _refused(problem: InputProblem, when: str) -> Answer:
    found = problem.problems if isinstance(problem, ProblemsFound) else ()
    codes = tuple(one.code for one in found) or (problem.code,)
    number = int(codes[0][1:])
    is_file = number in _FILE_CODES or number == _MISFIT
    if number in _DOMAIN_CODES and not is_file:
        return Answer(fault="domain", codes=codes, message=str(problem))
    is_data = is_file or when == "data"
    return Answer(fault="data" if is_data else "training", codes=codes, message=str(problem))
