"""The typed shape of a bot's configuration: config.yml, and the two files of 0.x it grew from.

Source: spec nlu.md section 7, policies.md section 1.
"""

from typing import Any

import msgspec

Json = Any

DEFAULT_RECIPE = "default.v1"
DEFAULT_LANGUAGE = "en"


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file's plain settings; `pipeline` and `policies` are read by those who know components.

    recipe: how the rest is to be understood. language: ISO code. assistant_id: names the bot on
    its events. data: where NLU data lies (0.x). importers: what else supplies data.
    """

    recipe: str | None = None
    language: str | None = None
    assistant_id: str | None = None
    data: str | list[str] | None = None
    importers: list[dict[str, Json]] | None = None
    version: str | None = None
    spaces: Json = None


SETTINGS = (*ConfigFile.__struct_fields__, "pipeline", "policies", "policy", "imports")
"""Every key that a configuration file may have."""

SERVER_SETTINGS = frozenset(
    {
        "aws_endpoint_url",
        "config",
        "cors_origins",
        "duckling_dimensions",
        "emulate",
        "fine_tune_spacy_ner",
        "fixed_model_name",
        "log_file",
        "log_level",
        "max_training_processes",
        "mitie_file",
        "name",
        "num_threads",
        "path",
        "port",
        "project",
        "response_log",
        "spacy_model_name",
        "storage",
        "token",
        "tensorflow_gpu_options",
    }
)
"""Settings of rasa_nlu's own server that stood in the same file; given on the command line now."""
