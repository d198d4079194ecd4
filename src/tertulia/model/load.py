"""A model's content to what runs it: domain, pipeline, ensemble.

Rule: component names in a model are looked up among those that are installed; nothing is imported
because a model says so.
"""

import re
import struct
from pathlib import Path
from typing import Any, cast

import msgspec

from tertulia.base.errors import ConfigError, ModelError
from tertulia.core.domain.as_dict import from_parts as domain_from_parts
from tertulia.core.domain.as_dict import to_parts as domain_to_parts
from tertulia.core.domain.model import Domain, Generation
from tertulia.ml.parts import Parts
from tertulia.model.archive import read_model
from tertulia.model.content import Content, Limits
from tertulia.model.manifest import Manifest
from tertulia.model.parts import from_entries, to_entries
from tertulia.nlu.pipeline import Pipeline
from tertulia.policies.ensemble import Ensemble
from tertulia.policies.policy import Policy
from tertulia.policies.registry import PolicyChoice, load_ensemble, settings_of

DOMAIN = "domain.json"

SENSELESS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    re.error,
    struct.error,
)
"""What a component may raise on parts that are whole (their hash is right) and still make no
sense: written by another version, or by somebody who means harm."""


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """A loaded model. name: of its file, as people know it.

    pipeline: None when only dialogue was trained. ensemble: None when only NLU was trained; the
    domain is then empty.
    """

    manifest: Manifest
    domain: Domain
    generation: Generation
    name: str
    pipeline: Pipeline | None = None
    ensemble: Ensemble | None = None


class _StoredPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """The JSON data of a policy's part. learned: the policy's own."""

    name: str
    settings: dict[str, Any]
    learned: dict[str, Any]


def load_model(source: Path | Content, *, name: str = "", limits: Limits | None = None) -> Model:
    """Return the model, ready to run. name: what to call it when `source` is no path.

    Raises:
        ModelError: it is missing, damaged, hostile, or made by something else.
        ComponentError: it needs a component that is not installed.
    """
    if isinstance(source, Path):
        name = name or source.name
        source = read_model(source, limits=limits)
    manifest = source.manifest
    generation = Generation(manifest.generation)
    domain = Domain(generation=generation)
    if "core" in manifest.kinds:
        domain = domain_from_entries(source)
    return Model(
        manifest=manifest,
        domain=domain,
        generation=generation,
        name=name,
        pipeline=_pipeline(source),
        ensemble=_ensemble(source, domain),
    )


def domain_from_entries(content: Content) -> Domain:
    """Return the domain in a model.

    Raises:
        ModelError: it is missing or cannot be read.
    """
    raw = content.json(DOMAIN)
    if not isinstance(raw, dict):
        raise _senseless("its domain is no mapping")
    return domain_from_parts(cast(dict[str, Any], raw))


def domain_entries(domain: Domain) -> dict[str, bytes]:
    """Return the entry for a domain; order is kept, for it means something in a domain."""
    return {DOMAIN: msgspec.json.encode(domain_to_parts(domain))}


def pipeline_entries(pipeline: Pipeline) -> dict[str, bytes]:
    """Return the entries for a trained pipeline."""
    return to_entries("nlu", pipeline.parts())


def policy_entries(trained: list[tuple[PolicyChoice, Policy]]) -> dict[str, bytes]:
    """Return the entries for trained policies."""
    parts: dict[str, Parts] = {}
    for number, (choice, policy) in enumerate(trained):
        own = policy.parts()
        stored = _StoredPolicy(name=choice.name, settings=settings_of(choice), learned=own.meta)
        parts[f"{number}.{choice.name}"] = Parts(
            meta=msgspec.structs.asdict(stored), arrays=own.arrays, blobs=own.blobs
        )
    return to_entries("policies", parts)


def _pipeline(content: Content) -> Pipeline | None:
    parts = from_entries(content, "nlu")
    if not parts:
        return None
    try:
        return Pipeline.from_parts(parts)
    except SENSELESS as error:
        raise _senseless(f"its pipeline cannot be rebuilt ({error})") from error


def _ensemble(content: Content, domain: Domain) -> Ensemble | None:
    parts = from_entries(content, "policies")
    if not parts:
        return None
    try:
        stored = [
            (one.name, one.settings, msgspec.structs.replace(part, meta=one.learned))
            for part in parts.values()
            for one in [msgspec.convert(part.meta, _StoredPolicy)]
        ]
        return load_ensemble(stored, domain)
    except ConfigError as error:
        raise _senseless(error.message) from error
    except SENSELESS as error:
        raise _senseless(f"its policies cannot be rebuilt ({error})") from error


def _senseless(what: str) -> ModelError:
    return ModelError(
        f"the model cannot be used: {what}",
        hint="Train it again with this version of `tertulia train`.",
        code="T411",
    )
