"""Consistency of a whole domain: names that lead nowhere, each with its place and a remedy.

Run it once training data has added its intents, responses and actions.

Source: spec domain.md section 12.
"""

from collections.abc import Collection

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import action_names
from tertulia.core.domain.model import Domain, Form, Generation, Slot, SlotMapping, Variation
from tertulia.core.domain.responses import (
    LEGACY_FIELDS,
    MODERN_FIELDS,
    fill,
    texts_in,
    variables_in,
)


def check(domain: Domain, diagnostics: Diagnostics, sent_by_code: Collection[str] = ()) -> None:
    """Note every name in the domain that refers to nothing.

    sent_by_code: responses that only custom actions send, with values of their own.
    """
    check_references(domain, diagnostics)
    check_responses(domain, diagnostics, sent_by_code)


def check_references(domain: Domain, diagnostics: Diagnostics) -> None:
    """Note intents, entities, slots, forms and actions that are named and not there."""
    look_up = _LookUp(domain, diagnostics)
    for slot in domain.slots.values():
        for mapping in slot.mappings:
            _check_mapping(slot, mapping, look_up)
    for form in domain.forms.values():
        _check_form(form, look_up)
    _check_triggers(look_up)
    _check_utterances(domain, diagnostics)


def check_responses(
    domain: Domain, diagnostics: Diagnostics, sent_by_code: Collection[str] = ()
) -> None:
    """Note conditions and variables without a slot, and braces that keep a text from filling.

    A variable without a slot is no fault when an action passes it with its call.
    """
    fields = LEGACY_FIELDS if domain.generation is Generation.LEGACY else MODERN_FIELDS
    look_up = _LookUp(domain, diagnostics)
    for name, variations in domain.responses.items():
        for variation in variations:
            who = f"the response '{name}'"
            _check_conditions(who, variation, look_up)
            for field in fields:
                for text in texts_in(variation.content.get(field)):
                    what = f"'{field}' of {who}"
                    _check_text(what, text, variation.at, look_up, name in sent_by_code)


class _LookUp:
    """Notes names that the domain does not have. One per check."""

    def __init__(self, domain: Domain, diagnostics: Diagnostics) -> None:
        self.domain = domain
        self.diagnostics = diagnostics
        self._known: dict[str, tuple[str, str, Collection[str]]] = {
            "entity": ("T213", "entities", domain.entities),
            "intent": ("T214", "intents", domain.intents),
            "slot": ("T215", "slots", domain.slots),
            "form": ("T216", "forms", domain.forms),
            "action": ("T219", "actions", frozenset(action_names(domain))),
        }

    def has(self, kind: str, name: str) -> bool:
        """Tell whether the domain has a `kind` of this name."""
        return name in self._known[kind][2]

    def remedy(self, kind: str, name: str) -> str:
        """Return the nearest known name, or where to add this one."""
        _, section, known = self._known[kind]
        return nearest(name, sorted(known)) or f"Add it under '{section}'."

    def want(self, kind: str, name: str | None, who: str, at: SourceSpan | None) -> None:
        """Warn when `name` is of no `kind` in the domain."""
        if name is not None and not self.has(kind, name):
            self.diagnostics.warning(
                self._known[kind][0],
                f"{who} names the {kind} '{name}', which is not in the domain",
                hint=self.remedy(kind, name),
                at=at,
            )


def _check_mapping(slot: Slot, mapping: SlotMapping, look_up: _LookUp) -> None:
    who = f"a mapping of the slot '{slot.name}'"
    for intent in (*mapping.intent, *mapping.not_intent):
        look_up.want("intent", intent, who, mapping.at)
    look_up.want("action", mapping.action, who, mapping.at)
    for condition in mapping.conditions:
        look_up.want("form", condition.active_loop, f"a condition in {who}", mapping.at)
        look_up.want("slot", condition.requested_slot, f"a condition in {who}", mapping.at)
    if mapping.entity is None:
        return
    look_up.want("entity", mapping.entity, who, mapping.at)
    if entity := look_up.domain.entities.get(mapping.entity):
        for kind, name, known in (
            ("role", mapping.role, entity.roles),
            ("group", mapping.group, entity.groups),
        ):
            if name is not None and name not in known:
                look_up.diagnostics.warning(
                    "T213",
                    f"{who} names the {kind} '{name}', which the entity '{entity.name}' "
                    "does not have",
                    hint=nearest(name, known) or f"Add it under '{kind}s' of the entity.",
                    at=mapping.at,
                )


def _check_form(form: Form, look_up: _LookUp) -> None:
    who = f"the form '{form.name}'"
    for slot in form.required_slots:
        look_up.want("slot", slot, who, form.at)
    for intent in form.ignored_intents:
        look_up.want("intent", intent, who, form.at)


def _check_triggers(look_up: _LookUp) -> None:
    for intent in look_up.domain.intents.values():
        action = intent.triggers
        if action is not None and not look_up.has("action", action):
            look_up.diagnostics.error(
                "T212",
                f"the intent '{intent.name}' triggers the action '{action}', which is not in "
                "the domain",
                hint=look_up.remedy("action", action),
                at=intent.at,
            )


def _check_utterances(domain: Domain, diagnostics: Diagnostics) -> None:
    """Warn of actions that only say a response, when there is no such response."""
    retrieved = {
        f"utter_{intent.name}" for intent in domain.intents.values() if intent.is_retrieval
    }
    texts = frozenset(domain.e2e_actions)
    for action in domain.actions:
        name = action.name
        if name.startswith("utter_") and name not in domain.responses.keys() | retrieved | texts:
            diagnostics.warning(
                "T233",
                f"the action '{name}' has no response, so it says nothing",
                hint=nearest(name, list(domain.responses)) or "Add it under 'responses'.",
                at=action.at,
            )


def _check_conditions(who: str, variation: Variation, look_up: _LookUp) -> None:
    for condition in variation.condition or ():
        if not look_up.has("slot", condition.name):
            look_up.diagnostics.warning(
                "T245",
                f"a condition of {who} names the slot '{condition.name}', which is not in the "
                "domain",
                hint=look_up.remedy("slot", condition.name),
                at=variation.at,
            )


def _check_text(
    what: str, text: str, at: SourceSpan | None, look_up: _LookUp, has_values: bool
) -> None:
    """has_values: whoever sends the text passes values of its own."""
    names = variables_in(text)
    plain = [name for name in names if '"' in name]
    if plain and plain == names:
        # Braces of JSON: the text cannot be filled and so stays as it is meant.
        return
    for name in () if has_values else names:
        if not look_up.has("slot", name):
            look_up.diagnostics.warning(
                "T246",
                f"{what} has the variable '{name}', and there is no such slot",
                hint=nearest(name, sorted(look_up.domain.slots))
                or "Leave it when an action passes it, or double the braces of plain text.",
                at=at,
            )
    for note in fill(text, dict.fromkeys(names, ""), Generation.MODERN).notes:
        look_up.diagnostics.warning(
            "T248",
            f"{what}: {note}",
            hint="Write '{{' or '}}' for a brace that is plain text.",
            at=at,
        )
