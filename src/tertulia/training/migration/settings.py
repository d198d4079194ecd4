"""A configuration of any version as config.yml of version 3.1, and the rules that it needs.

Source: spec nlu.md section 7, policies.md sections 4 to 8.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.model import Domain
from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.data.stories.model import StepEvent, Story
from tertulia.data.yaml import Node
from tertulia.nlu.config import read_pipeline
from tertulia.training.project import ProjectData

Json = Any

_RULES, _FALLBACK = "RulePolicy", "FallbackClassifier"
_NOW = {"KerasPolicy": "TEDPolicy", "EmbeddingPolicy": "TEDPolicy", "SklearnPolicy": "TEDPolicy"}
_BECOME_RULES = frozenset(
    {"FormPolicy", "MappingPolicy", "FallbackPolicy", "TwoStageFallbackPolicy"}
)
_KEPT = frozenset({"max_history", "epochs", "priority", "random_seed"})


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """content: of config.yml. rules: what policies of old did by themselves."""

    content: dict[str, Json]
    rules: Sequence[Story]


def migrated_settings(data: ProjectData) -> Settings:
    """Return the configuration with today's names, policies that are gone replaced by rules."""
    written = _policies(data.config.policies)
    fallback = next((one for one in written if "Fallback" in one["name"]), None)
    pipeline = _pipeline(data)
    if fallback and pipeline and not any(one["name"] == _FALLBACK for one in pipeline):
        threshold = fallback.get("nlu_threshold", 0.3)
        pipeline.append({"name": _FALLBACK, "threshold": threshold, "ambiguity_threshold": 0.0})
    content: dict[str, Json] = {
        "recipe": "default.v1",
        "language": data.config.language,
        "assistant_id": data.config.assistant_id or "unnamed",
    }
    if pipeline:
        content["pipeline"] = pipeline
    content["policies"] = _now(written, fallback)
    return Settings(content=content, rules=_rules(data.domain, fallback))


def _policies(node: Node | None) -> list[dict[str, Json]]:
    """Return the entries with bare names; none written means those that 0.x took."""
    if node is None:
        return [{"name": "KerasPolicy"}, {"name": "MemoizationPolicy"}, {"name": "FallbackPolicy"}]
    entries: list[dict[str, Json]] = []
    for element in node.elements():
        plain: Json = element.plain()
        entry: dict[str, Json] = {"name": plain} if isinstance(plain, str) else dict(plain)
        entries.append({**entry, "name": str(entry.get("name")).rpartition(".")[2]})
    return entries


def _pipeline(data: ProjectData) -> list[dict[str, Json]]:
    if data.config.pipeline is None:
        return []
    configs = read_pipeline(
        data.config.pipeline,
        generation=data.generation,
        at=SourceSpan("config"),
        diagnostics=Diagnostics(),
    )
    return [_component(one.name, one.params) for one in configs]


def _component(name: str, params: Mapping[str, Json]) -> dict[str, Json]:
    if name == "EmbeddingIntentClassifier":
        kept = {key: value for key, value in params.items() if key in _KEPT}
        return {"name": "DIETClassifier", "entity_recognition": False, **kept}
    return {"name": name, **params}


def _now(
    written: Sequence[Mapping[str, Json]], fallback: Mapping[str, Json] | None
) -> list[dict[str, Json]]:
    found: dict[str, dict[str, Json]] = {}
    for entry in written:
        name = str(entry["name"])
        if name in _BECOME_RULES:
            continue
        now = _NOW.get(name, name)
        same = name == now and name not in _NOW
        found[now] = {"name": now} | {
            key: value for key, value in entry.items() if key != "name" and (same or key in _KEPT)
        }
    rules = found.setdefault(_RULES, {"name": _RULES})
    if fallback:
        rules["core_fallback_threshold"] = fallback.get("core_threshold", 0.3)
        rules["core_fallback_action_name"] = _fallback_action(fallback)
        rules["enable_fallback_prediction"] = True
    return list(found.values())


def _fallback_action(fallback: Mapping[str, Json]) -> str:
    for key in ("fallback_action_name", "fallback_core_action_name"):
        if fallback.get(key):
            return str(fallback[key])
    return "action_default_fallback"


def _rules(domain: Domain | None, fallback: Mapping[str, Json] | None) -> list[Story]:
    rules: list[Story] = []
    if fallback:
        two_stages = fallback["name"] == "TwoStageFallbackPolicy"
        action = "action_two_stage_fallback" if two_stages else _fallback_action(fallback)
        rules.append(_rule("not understood", "nlu_fallback", action))
    intents = domain.intents.values() if domain else ()
    return rules + [
        _rule(f"always after {intent.name}", intent.name, intent.triggers)
        for intent in intents
        if intent.triggers is not None
    ]


def _rule(name: str, intent: str, action: str) -> Story:
    events = (
        ActionExecuted(name=RULE_SNIPPET_ACTION),
        UserUttered(text=None, parse_data={"intent": {"name": intent, "confidence": 1.0}}),
        ActionExecuted(name=action),
    )
    return Story(name=name, items=tuple(StepEvent(event) for event in events), is_rule=True)
