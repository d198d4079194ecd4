"""Makes a project ready for training: reads what its configuration means, and checks everything.

Rule: whatever is wrong is noted here, together, before anything is learned.
"""

from collections.abc import Sequence

import msgspec

import tertulia
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError
from tertulia.nlu.config import ComponentConfig
from tertulia.policies.registry import PolicyChoice
from tertulia.training.checks import (
    check_domain,
    check_story_graph,
    check_training_data,
    configured_pipeline,
    configured_policies,
)
from tertulia.training.fingerprint import Fingerprints, fingerprints
from tertulia.training.project import ProjectData

DEFAULT_SEED = 42


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to train. core, nlu: which parts are wanted. augmentation: 0 glues no stories together.

    force: learn everything again, whatever there was before. remove_duplicates: see `generate`.
    """

    core: bool = True
    nlu: bool = True
    augmentation: int = 50
    seed: int = DEFAULT_SEED
    force: bool = False
    remove_duplicates: bool = True


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A checked project, its settings narrowed to what there is data for."""

    data: ProjectData
    settings: Settings
    prints: Fingerprints
    pipeline: Sequence[ComponentConfig]
    policies: Sequence[PolicyChoice]


def prepare(data: ProjectData, settings: Settings) -> Prepared:
    """Return the project, checked.

    Raises:
        ProblemsFound: everything that is wrong with it, together.
        ConfigError: there is no data for the wanted parts.
    """
    diagnostics = data.diagnostics
    settings = wanted(data, settings, diagnostics)
    pipeline: Sequence[ComponentConfig] = ()
    policies: Sequence[PolicyChoice] = ()
    if settings.nlu:
        pipeline = configured_pipeline(data, diagnostics)
        check_training_data(data, diagnostics)
    if settings.core and data.domain is not None:
        policies = configured_policies(data, data.domain, diagnostics)
        check_domain(data, data.domain, diagnostics)
        check_story_graph(data.stories, diagnostics)
    diagnostics.raise_if_errors()
    return Prepared(
        data=data,
        settings=settings,
        prints=fingerprints_of(data, settings),
        pipeline=pipeline,
        policies=policies,
    )


def wanted(data: ProjectData, settings: Settings, diagnostics: Diagnostics) -> Settings:
    """Return the settings without the parts that there is no data for.

    Raises:
        ConfigError: a part was asked for alone and has no data, or neither has.
    """
    has_core = bool(data.stories.stories or data.stories.rules)
    has_nlu = bool(data.nlu.examples)
    # What could not be read is no reason to say that it is not there.
    data.diagnostics.raise_if_errors()
    if settings.core and not has_core:
        if not (settings.nlu and has_nlu):
            raise ConfigError(
                "there are no stories and no rules to train dialogue from",
                hint="Give the files or folders that hold them.",
                at=data.config.place,
                code="T143",
            )
        diagnostics.warning(
            "T143",
            "there are no stories and no rules, so only NLU is trained",
            hint="Give the files or folders that hold them to train dialogue, too.",
        )
        return msgspec.structs.replace(settings, core=False)
    if settings.core and data.domain is None:
        raise ConfigError(
            "dialogue cannot be trained without a domain",
            hint="Give the domain file or folder.",
            at=data.config.place,
            code="T145",
        )
    if settings.nlu and not has_nlu:
        if not settings.core:
            raise ConfigError(
                "there are no examples to train NLU from",
                hint="Give the files or folders that hold them.",
                at=data.config.place,
                code="T144",
            )
        diagnostics.warning(
            "T144",
            "there are no NLU examples, so only dialogue is trained",
            hint="Without them the bot understands messages such as '/greet' only.",
        )
        return msgspec.structs.replace(settings, nlu=False)
    return settings


def fingerprints_of(data: ProjectData, settings: Settings) -> Fingerprints:
    """Return the fingerprints of what this program would learn from the project."""
    return fingerprints(
        data,
        product=tertulia.__version__,
        seed=settings.seed,
        augmentation=settings.augmentation,
    )
