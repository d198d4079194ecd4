"""What training data adds to a domain: retrieval intents, their responses, end-to-end actions.

Sources: spec nlu.md section 6, domain.md section 10.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from tertulia.core.domain.model import Action, Domain, Generation, Intent, Variation
from tertulia.data.domain.fragment import IntentDraft
from tertulia.data.domain.used_entities import used_entities

Json = Any


def with_retrieval_intents(
    domain: Domain, names: Iterable[str], responses: Mapping[str, tuple[Variation, ...]]
) -> Domain:
    """Return the domain with intents marked as retrieval intents, each with its action.

    names: intents that NLU data divides (`faq` of `faq/hours`). responses: those of NLU files,
    such as `utter_faq/hours`; the domain's own of the same name win.
    """
    wanted = sorted(set(names))
    if not wanted and not responses:
        return domain
    is_legacy = domain.generation is Generation.LEGACY
    every = used_entities(IntentDraft(), domain.entities, is_legacy)
    intents = dict(domain.intents)
    for name in wanted:
        known = intents.get(name, Intent(name=name, used_entities=every))
        intents[name] = replace(known, is_retrieval=True)
    declared = {action.name for action in domain.actions}
    new = [f"utter_{name}" for name in wanted if f"utter_{name}" not in declared]
    return replace(
        domain,
        intents=intents if is_legacy else dict(sorted(intents.items())),
        actions=(*domain.actions, *(Action(name=name) for name in new)),
        responses={**responses, **domain.responses},
        raw=_with_raw(domain.raw, wanted, new, responses),
    )


def with_e2e_actions(domain: Domain, texts: Iterable[str]) -> Domain:
    """Return the domain with texts that stories let the bot say as they are."""
    union = sorted({*domain.e2e_actions, *texts})
    if union == list(domain.e2e_actions):
        return domain
    raw = {**domain.raw, "e2e_actions": union} if domain.raw else {}
    return replace(domain, e2e_actions=tuple(union), raw=raw)


def _with_raw(
    raw: dict[str, Json],
    names: list[str],
    actions: list[str],
    responses: Mapping[str, tuple[Variation, ...]],
) -> dict[str, Json]:
    if not raw:
        return raw
    intents: dict[str, Json] = {}
    for item in raw.get("intents", []):
        name = item if isinstance(item, str) else next(iter(item))
        intents[name] = item
    for name in names:
        known = intents.get(name, name)
        properties: dict[str, Json] = {} if isinstance(known, str) else known[name]
        intents[name] = {name: {**properties, "is_retrieval_intent": True}}
    written = {
        name: [variation.content for variation in variations]
        for name, variations in responses.items()
    }
    added: dict[str, Json] = {
        "intents": [intents[name] for name in sorted(intents)],
        "responses": {**written, **raw.get("responses", {})},
        "actions": [*raw.get("actions", []), *actions],
    }
    return {**raw, **{section: value for section, value in added.items() if value}}
