"""Where a project is: the folder that keeps its conversations."""

from pathlib import Path

MODELS = "models"


def project_folder(model: Path | None) -> Path:
    """Return the folder of the project that a model belongs to.

    A model in a folder `models` belongs to the project around it, any other (and none at all) to
    the working directory. The same model is thus served with the same conversations from
    wherever the server is started.
    """
    if model is not None and model.resolve().parent.name == MODELS:
        return model.resolve().parent.parent
    return Path.cwd()
