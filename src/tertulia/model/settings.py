"""`config.json`: the configuration a model was trained with, for people to look at."""

from typing import Any

import msgspec

from tertulia.base.errors import ModelError
from tertulia.model.content import Content

Json = Any

CONFIG = "config.json"


class ModelSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the project's configuration said. pipeline, policies: as written, None when left out."""

    language: str | None = None
    pipeline: Json = None
    policies: Json = None


def read_settings(content: Content) -> ModelSettings:
    """Return the settings in a model.

    Raises:
        ModelError: they are missing or cannot be read.
    """
    try:
        return msgspec.convert(content.json(CONFIG), ModelSettings)
    except msgspec.ValidationError as error:
        raise ModelError(
            f"'{CONFIG}' of the model cannot be read: {error}",
            hint="Copy the model again, or train a new one.",
            code="T411",
        ) from error


def settings_bytes(settings: ModelSettings) -> bytes:
    """Return the entry for these settings."""
    return msgspec.json.encode(settings)
