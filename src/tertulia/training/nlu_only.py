"""Trains the pipeline of a project again and again, on other examples each time."""

from collections.abc import Callable

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Domain
from tertulia.data.nlu import NluData
from tertulia.nlu.pipeline import Pipeline, train_pipeline
from tertulia.training.checks import configured_pipeline
from tertulia.training.prepare import DEFAULT_SEED
from tertulia.training.project import ProjectData


def nlu_trainer(project: ProjectData, *, seed: int = DEFAULT_SEED) -> Callable[[NluData], Pipeline]:
    """Return what learns from given examples as the project's configuration says.

    Warnings about the parts of the data are left out: they are of no use to anybody.

    Raises:
        ProblemsFound: the pipeline cannot work.
    """
    configs = configured_pipeline(project, project.diagnostics)
    project.diagnostics.raise_if_errors()
    domain = project.domain or Domain(generation=project.generation)
    responses = {
        name: [variation.content for variation in variations]
        for name, variations in domain.responses.items()
    }

    def train(data: NluData) -> Pipeline:
        return train_pipeline(
            configs,
            data,
            generation=project.generation,
            diagnostics=Diagnostics(),
            language=project.config.language,
            seed=seed,
            responses=responses,
        )

    return train
