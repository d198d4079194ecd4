"""Which entities count as features beside an intent.

Source: spec domain.md section 3.
"""

from collections.abc import Iterable, Mapping

from tertulia.core.domain.model import Entity
from tertulia.data.domain.fragment import IntentDraft


def used_entities(
    draft: IntentDraft, entities: Mapping[str, Entity], is_legacy: bool
) -> frozenset[str]:
    """Return the labels of the entities that are features beside the intent."""
    if is_legacy:
        return frozenset(entities) if draft.use is None else frozenset()
    unheard = [name for name, each in entities.items() if not each.influence_conversation]
    if draft.use is None:
        used = set(entities) - set(unheard)
        used |= _labels(entities, entities)
    else:
        used = {*draft.use} | _labels(draft.use, entities)
    ignored = unheard if draft.ignore is None else draft.ignore
    return frozenset(used - {*ignored} - _labels(ignored, entities))


def _labels(names: Iterable[str], entities: Mapping[str, Entity]) -> set[str]:
    return {
        f"{name}#{part}"
        for name in names
        if name in entities
        for part in (*entities[name].roles, *entities[name].groups)
    }
