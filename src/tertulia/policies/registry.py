"""From the `policies` section of a configuration to policies.

Source: spec policies.md section 1. Rule: every problem has its place in the file, and a name that
is not understood stops the start.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import BadComponent, ConfigError, UnknownComponent
from tertulia.base.registry import Registry
from tertulia.base.source import SourceSpan
from tertulia.compat.generations import LEGACY_POLICIES, MODERN_POLICIES
from tertulia.core.domain.model import Domain, Generation
from tertulia.data.yaml import Entry, Node, convert
from tertulia.ml.parts import Parts
from tertulia.policies.ensemble import Ensemble, make_ensemble
from tertulia.policies.parameters import NO_EFFECT
from tertulia.policies.policy import CheckedPolicy, Policy, PolicyConfig, PolicyTraining

_HOMES: Final = {
    "MemoizationPolicy": "memoization",
    "AugmentedMemoizationPolicy": "augmented",
    "RulePolicy": "rules",
    "MappingPolicy": "mapping",
    "FallbackPolicy": "fallback",
    "TwoStageFallbackPolicy": "two_stage",
    "FormPolicy": "form",
    "TEDPolicy": "learned",
    "KerasPolicy": "learned",
    "EmbeddingPolicy": "learned",
    "SklearnPolicy": "learned",
    "UnexpecTEDIntentPolicy": "unlikely_intent",
}
_FILES: Final = {
    "MemoizationPolicy": "memoization",
    "AugmentedMemoizationPolicy": "memoization",
    "RulePolicy": "rule_policy",
    "MappingPolicy": "mapping_policy",
    "FallbackPolicy": "fallback",
    "TwoStageFallbackPolicy": "two_stage_fallback",
    "FormPolicy": "form_policy",
    "TEDPolicy": "ted_policy",
    "KerasPolicy": "keras_policy",
    "EmbeddingPolicy": "embedding_policy",
    "SklearnPolicy": "sklearn_policy",
    "UnexpecTEDIntentPolicy": "unexpected_intent_policy",
}


def _aliases() -> dict[str, str]:
    found: dict[str, str] = {}
    for name, file in _FILES.items():
        for package in ("rasa.core.policies", "rasa_core.policies"):
            found[f"{package}.{name}"] = name
            found[f"{package}.{file}.{name}"] = name
    found["rasa.core.policies.fallback_policy.FallbackPolicy"] = "FallbackPolicy"
    return found


POLICIES: Final[Registry[Policy]] = Registry(
    "policy",
    {name: f"tertulia.policies.{module}:{name}" for name, module in _HOMES.items()},
    aliases=_aliases(),
    group="policies",
)
"""Every policy by name; entry point group `tertulia.policies` adds more."""

_FEATURIZERS: Final = (
    "MaxHistoryTrackerFeaturizer",
    "FullDialogueTrackerFeaturizer",
    "IntentMaxHistoryTrackerFeaturizer",
)


class PolicyChoice(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of `policies`, understood. name: as the product calls it."""

    name: str
    kind: type[Policy]
    config: PolicyConfig
    at: SourceSpan | None = None


def read_policies(
    section: Node, generation: Generation, diagnostics: Diagnostics
) -> list[PolicyChoice]:
    """Return the policies that the section lists; problems are noted.

    section: the list under `policies` (0.x: also a list of names).
    """
    if not section.elements():
        diagnostics.error(
            "T186",
            "there is no policy",
            hint="List at least one under 'policies'.",
            at=section.span,
        )
    found: list[PolicyChoice] = []
    for entry in section.elements():
        try:
            found.append(_read(entry, generation, diagnostics))
        except (ConfigError, UnknownComponent, BadComponent) as error:
            diagnostics.error(error.code, error.message, hint=error.hint, at=error.at)
    _warn_of_equals(found, generation, diagnostics)
    return found


def train_policies(
    choices: Sequence[PolicyChoice], data: PolicyTraining
) -> list[tuple[PolicyChoice, Policy]]:
    """Return the trained policies; what is wrong is noted in the data's diagnostics.

    Raises:
        ConfigError: a policy's settings cannot be used with the domain or the stories.
    """
    return [
        (choice, choice.kind.train(choice.config, replace(data, at=choice.at)))
        for choice in choices
    ]


def check_policies(choices: Sequence[PolicyChoice], data: PolicyTraining) -> None:
    """Note what would stop the training of the policies, as far as they can tell beforehand."""
    for choice in choices:
        if not issubclass(choice.kind, CheckedPolicy):
            continue
        try:
            choice.kind.check(choice.config, replace(data, at=choice.at))
        except ConfigError as error:
            data.diagnostics.error(error.code, error.message, hint=error.hint, at=error.at)


def build_ensemble(choices: Sequence[PolicyChoice], data: PolicyTraining) -> Ensemble:
    """Return the ensemble of newly trained policies.

    Raises:
        ProblemsFound: rules contradict each other or the stories, or other errors were noted.
        ConfigError: as `train_policies`; or there is no policy.
    """
    policies = [policy for _, policy in train_policies(choices, data)]
    data.diagnostics.raise_if_errors()
    return make_ensemble(policies, data.domain)


def load_ensemble(
    stored: Sequence[tuple[str, Mapping[str, Any], Parts]], domain: Domain
) -> Ensemble:
    """Return the ensemble of a model. stored: per policy its name, settings as JSON and parts.

    Raises:
        UnknownComponent: a policy is not installed. ModelError: its parts are damaged.
        ConfigError: its settings are not those of this version.
    """
    policies: list[Policy] = []
    for name, settings, parts in stored:
        # Only what is registered: a model must not choose code to run.
        kind = POLICIES.find(name, dotted=False)
        try:
            config = msgspec.convert(settings, kind.Config)
        except msgspec.ValidationError as error:
            raise ConfigError(
                f"the settings of '{name}' in the model do not fit this version: {error}",
                hint="Train the model again.",
                code="T188",
            ) from error
        policies.append(kind.from_parts(config, parts, domain))
    return make_ensemble(policies, domain)


def settings_of(choice: PolicyChoice) -> dict[str, Any]:
    """Return a policy's settings as JSON, for the model."""
    return cast(dict[str, Any], msgspec.to_builtins(choice.config))


def _read(entry: Node, generation: Generation, diagnostics: Diagnostics) -> PolicyChoice:
    name_node = entry.get("name") or entry
    written = name_node.value
    if not isinstance(written, str):
        raise ConfigError(
            "a policy needs a name", hint="Write '- name: MemoizationPolicy'.", at=entry.span,
            code="T189",
        )  # fmt: skip
    name = POLICIES.canonical(written)
    kind = POLICIES.find(written, at=name_node.span)
    other = MODERN_POLICIES if generation is Generation.LEGACY else LEGACY_POLICIES
    if name in other:
        raise ConfigError(
            f"the policy '{name}' does not exist in the generation of this bot",
            hint=_instead(name, generation),
            at=name_node.span,
            code="T104",
        )
    settings = _settings(entry, name, diagnostics)
    before = len(diagnostics.errors)
    config = convert(settings, kind.Config, diagnostics=diagnostics, code="T105")
    if config is None and len(diagnostics.errors) == before:
        raise ConfigError(f"the settings of '{name}' are wrong", at=entry.span, code="T105")
    config = config or kind.Config()
    _check_range(config, settings, diagnostics)
    return PolicyChoice(name=name, kind=kind, config=config, at=name_node.span)


def _instead(name: str, generation: Generation) -> str:
    if generation is Generation.LEGACY:
        return "Rules are of 2.0 and later; write stories, or move the project to the new format."
    if name in ("KerasPolicy", "SklearnPolicy", "EmbeddingPolicy"):
        return "Use TEDPolicy."
    return "Use RulePolicy and rules."


def _settings(entry: Node, name: str, diagnostics: Diagnostics) -> Node:
    """Return the entry without its name and without parameters that do nothing here."""
    kept: dict[str, Entry] = {}
    idle: list[str] = []
    for key, value in entry.items():
        if key.text in ("name", "featurizer", "state_featurizer"):
            continue
        if key.text in NO_EFFECT.get(name, frozenset()):
            idle.append(key.text)
        else:
            kept[key.text] = Entry(key, value)
    if featurizer := entry.get("featurizer"):
        _featurizer(featurizer, kept)
    if idle:
        diagnostics.warning(
            "T106",
            f"no effect here: {', '.join(idle)} of '{name}'",
            hint="These belong to the original's network; leave them out.",
            at=entry.span,
        )
    return Node(kept, entry.span)


def _featurizer(featurizer: Node, kept: dict[str, Entry]) -> None:
    """Take max_history from the one featurizer that may be given.

    Raises:
        ConfigError: there is not exactly one, or it is unknown.
    """
    listed = featurizer.elements() or ((featurizer,) if featurizer.is_map else ())
    if len(listed) != 1:
        raise ConfigError(
            "a policy has exactly one featurizer", at=featurizer.span, code="T107",
            hint="Write one item under 'featurizer'.",
        )  # fmt: skip
    one = listed[0]
    state = one.get("state_featurizer")
    if state is not None and len(state.elements()) > 1:
        raise ConfigError(
            "a featurizer has exactly one state featurizer", at=state.span, code="T107",
            hint="Write one item under 'state_featurizer'.",
        )  # fmt: skip
    name = one.get("name") or one
    if str(name.value).rpartition(".")[2] not in _FEATURIZERS:
        raise ConfigError(
            f"there is no featurizer called '{name.text}'",
            hint=f"Known: {', '.join(_FEATURIZERS)}.",
            at=name.span,
            code="T107",
        )
    key = one.key("max_history")
    value = one.get("max_history")
    if key is not None and value is not None:
        kept["max_history"] = Entry(key, value)


def _check_range(config: PolicyConfig, settings: Node, diagnostics: Diagnostics) -> None:
    history = getattr(config, "max_history", None)
    if isinstance(history, int) and history < 1:
        written = settings.get("max_history") or settings
        diagnostics.error(
            "T105",
            f"'max_history' must be at least 1, got {history}",
            hint="Count the current state; leave it out or write null for no limit.",
            at=written.span,
        )


def _warn_of_equals(
    choices: Sequence[PolicyChoice], generation: Generation, diagnostics: Diagnostics
) -> None:
    if generation is Generation.LEGACY:
        return
    seen: dict[int, PolicyChoice] = {}
    for choice in choices:
        priority = choice.config.priority
        value = priority if isinstance(priority, int) else _PRIORITIES.get(choice.name, 1)
        first = seen.setdefault(value, choice)
        if first is not choice:
            diagnostics.warning(
                "T108",
                f"'{first.name}' and '{choice.name}' have the same priority {value}",
                hint="Among equal scores the one listed first wins; give them different ones.",
                at=choice.at,
            )


_PRIORITIES: Final = {"MemoizationPolicy": 3, "AugmentedMemoizationPolicy": 3}
