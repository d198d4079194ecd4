"""How policies train and load a linear model over the features of a window."""

from msgspec import UNSET, UnsetType

from tertulia.base.errors import ModelError
from tertulia.core.domain.model import Generation
from tertulia.ml.parts import Parts
from tertulia.ml.softmax import Recipe, SparseSoftmax
from tertulia.policies.policy import by_generation

EPOCHS = 40

WIDEST = 10
"""States looked at when the setting says all; what is further back has never helped."""


def recipe(epochs: int | UnsetType, random_seed: int | None, seed: int) -> Recipe:
    """Return how to train. One pass, a neural network's default, would teach a linear model
    nothing; so only what a person wrote counts, and at least 20 passes.
    """
    passes = EPOCHS if epochs is UNSET else max(20, min(epochs, 200))
    return Recipe(epochs=passes, seed=seed if random_seed is None else random_seed)


def loaded_model(parts: Parts, features: int, classes: int) -> SparseSoftmax:
    """Return the linear model of parts.

    Raises:
        ModelError: its sizes are not those of the names beside it.
    """
    shape = tuple(parts.array("weights").shape)
    if shape != (features, classes) or tuple(parts.array("bias").shape) != (classes,):
        raise ModelError(
            f"the weights of a policy are damaged: {shape} instead of {(features, classes)}",
            hint="Train the model again.",
            code="T420",
        )
    return SparseSoftmax.from_parts(parts)


def width(max_history: int | UnsetType | None, generation: Generation) -> int:
    """Return how many states a linear model looks at."""
    wanted = by_generation(max_history, generation, legacy=5, modern=None)
    return WIDEST if wanted is None else wanted
