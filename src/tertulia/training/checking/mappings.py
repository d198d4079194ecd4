"""Slot mappings that can never fill their slot, and forms that cannot ask for one.

Rule: only what can be told for certain of the project's own files is noted; where a component or
action that is not known here may supply a value, nothing is said.

Source: spec domain.md section 6, evaluation.md section 3.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.actions.extraction import VALIDATE_SLOT_MAPPINGS
from tertulia.core.domain.actions import action_names
from tertulia.core.domain.model import Domain, Form, Slot, SlotMapping
from tertulia.core.events import ActionExecuted, ActiveLoop, UserUttered
from tertulia.data.domain.build import DEFAULT_INTENTS
from tertulia.data.stories.model import Alternatives, Checkpoint, StepEvent, Story
from tertulia.nlu.components import BUILTIN
from tertulia.training.checking.usage import Usage, annotations, questions
from tertulia.training.project import ProjectData

_ANY = None
"""In place of an intent: a form begins where it cannot be told what was said before."""


class EntitySources(msgspec.Struct, frozen=True, kw_only=True):
    """What finds entities. is_open: also something that is not known here.

    annotated: entity, role and group. bare: entities found without role and group.
    """

    is_open: bool
    annotated: frozenset[tuple[str, str | None, str | None]] = frozenset()
    bare: frozenset[str] = frozenset()

    def finds(self, mapping: SlotMapping) -> bool:
        """Tell whether the entity of a mapping can be found as the mapping wants it."""
        if self.is_open or mapping.entity is None:
            return True
        if (mapping.entity, mapping.role, mapping.group) in self.annotated:
            return True
        return mapping.role is None and mapping.group is None and mapping.entity in self.bare

    def knows(self, entity: str) -> bool:
        """Tell whether the entity can be found in any way."""
        return (
            self.is_open
            or entity in self.bare
            or any(name == entity for name, *_ in self.annotated)
        )


def entity_sources(data: ProjectData, components: Collection[str], usage: Usage) -> EntitySources:
    """Return what finds entities.

    components: today's names of the pipeline's; those that are not ours may find anything.
    """
    if not data.nlu.examples or not components or not BUILTIN.keys() >= set(components):
        return EntitySources(is_open=True)
    patterns: set[str] = set()
    if "RegexEntityExtractor" in components:
        patterns = {one.name for one in data.nlu.regexes} | {one.name for one in data.nlu.lookups}
    return EntitySources(
        is_open=False,
        annotated=annotations(data.nlu),
        bare=frozenset(patterns | usage.sent_entities),
    )


def check_mappings(
    data: ProjectData,
    domain: Domain,
    usage: Usage,
    sources: EntitySources,
    diagnostics: Diagnostics,
) -> None:
    """Note the mappings that can never fill their slot."""
    beginnings = form_beginnings((*data.stories.stories, *data.stories.rules), domain)
    understood = {one.intent for one in data.nlu.examples if one.intent}
    judge = _Judge(domain, usage, sources, beginnings, understood)
    for slot in domain.slots.values():
        for mapping in () if slot.is_default else slot.mappings:
            found = judge.why_never(slot, mapping)
            if found is not None:
                why, mend = found
                diagnostics.warning(
                    "T369",
                    f"a mapping {mapping.type} can never fill the slot '{slot.name}': {why}",
                    hint=mend,
                    at=mapping.at or slot.at,
                )


def check_questions(domain: Domain, diagnostics: Diagnostics) -> None:
    """Note slots that a form requires and cannot ask for."""
    known = frozenset(action_names(domain))
    for form in domain.forms.values():
        if form.is_remote or f"validate_{form.name}" in known:
            # The code of a form may ask in words of its own.
            continue
        for slot in form.required_slots:
            if slot in domain.slots and not known.intersection(questions(form.name, slot)):
                diagnostics.warning(
                    "T370",
                    f"the form '{form.name}' requires the slot '{slot}' and has no question for it",
                    hint=f"Add the response 'utter_ask_{form.name}_{slot}' or 'utter_ask_{slot}'.",
                    at=form.at,
                )


def form_beginnings(
    stories: tuple[Story, ...], domain: Domain
) -> Mapping[str, frozenset[str | None]]:
    """Return by form the intents after which stories and rules begin it; None stands for any."""
    found: defaultdict[str, set[str | None]] = defaultdict(set)
    for story in stories:
        for form, said in _beginnings(story, domain):
            found[form] |= said
    return {name: frozenset(intents) for name, intents in found.items()}


def _beginnings(story: Story, domain: Domain) -> Iterator[tuple[str, set[str | None]]]:
    """Yield the forms that a story begins, each with the intents said before."""
    said: set[str | None] = {_ANY}
    active: str | None = None
    for item in story.items:
        if isinstance(item, Checkpoint):
            said = {_ANY}
        elif isinstance(item, Alternatives):
            said = _said_in(item) or said
        elif isinstance(item.event, UserUttered):
            said = {item.event.intent_name}
        elif isinstance(item.event, ActiveLoop):
            active = item.event.name
        elif isinstance(item.event, ActionExecuted):
            name = item.event.name or ""
            if name in domain.forms and name != active:
                yield name, said


def _said_in(alternatives: Alternatives) -> set[str | None]:
    return {intent for option in alternatives.options for intent in _intents(option)}


def _intents(option: tuple[StepEvent, ...]) -> Iterator[str | None]:
    for placed in option:
        if isinstance(placed.event, UserUttered):
            yield placed.event.intent_name


class _Judge:
    """Says why a mapping never fills its slot, and what to do; None when it may."""

    def __init__(
        self,
        domain: Domain,
        usage: Usage,
        sources: EntitySources,
        beginnings: Mapping[str, frozenset[str | None]],
        understood: Collection[str],
    ) -> None:
        self._domain = domain
        self._usage = usage
        self._sources = sources
        self._beginnings = beginnings
        self._understood = understood

    def why_never(self, slot: Slot, mapping: SlotMapping) -> tuple[str, str] | None:
        """Return the first reason found, with its remedy."""
        return (
            self._entity(mapping)
            or self._intent(mapping)
            or self._requested(slot, mapping)
            or self._trigger(mapping)
            or self._custom(mapping)
        )

    def _entity(self, mapping: SlotMapping) -> tuple[str, str] | None:
        name = mapping.entity
        if mapping.type != "from_entity" or name is None or name not in self._domain.entities:
            return None
        if self._sources.finds(mapping):
            return None
        if not self._sources.knows(name):
            return (
                f"no example and no pattern of the pipeline finds the entity '{name}'",
                f"Annotate it, as in '[Rome]({name})', or remove the mapping.",
            )
        parts = ("role", mapping.role), ("group", mapping.group)
        wanted = " and ".join(f"the {kind} '{value}'" for kind, value in parts if value is not None)
        return (
            f"no example has the entity '{name}' with {wanted or 'neither role nor group'}",
            "Annotate it so in the examples, or let the mapping name what the examples have.",
        )

    def _intent(self, mapping: SlotMapping) -> tuple[str, str] | None:
        if not mapping.intent or not self._understood:
            return None
        known = {*self._understood, *self._usage.sent_intents, *DEFAULT_INTENTS}
        if any(name in self._domain.intents and name in known for name in mapping.intent):
            return None
        names = ", ".join(f"'{name}'" for name in mapping.intent)
        return (
            f"no text is understood as {names}",
            "Add examples of the intent, or name one that has some.",
        )

    def _requested(self, slot: Slot, mapping: SlotMapping) -> tuple[str, str] | None:
        """Judge mappings that only count while a form asks for something it never asks for."""
        conditions = mapping.conditions
        if not conditions or mapping.type == "from_trigger_intent":
            return None
        asked: list[str] = []
        for condition in conditions:
            form = self._domain.forms.get(condition.active_loop or "")
            wanted = condition.requested_slot
            if wanted is None or form is None or self._asks(form, wanted):
                return None
            asked.append(f"the form '{form.name}' never asks for '{wanted}'")
        return (
            " and ".join(dict.fromkeys(asked)),
            "Add it to the form's 'required_slots', or correct the condition.",
        )

    def _asks(self, form: Form, slot: str) -> bool:
        # Code that validates a form may ask for more slots than the domain lists.
        is_open = form.is_remote or f"validate_{form.name}" in self._usage.outside
        return is_open or slot in form.required_slots or slot not in self._domain.slots

    def _trigger(self, mapping: SlotMapping) -> tuple[str, str] | None:
        if mapping.type != "from_trigger_intent":
            return None
        begun = self._begun(mapping)
        if not begun or _ANY in begun:
            # A form that never begins is noted by itself.
            return None
        wanted = set(mapping.intent) or (begun - set(mapping.not_intent))
        if wanted & begun:
            return None
        listed = ", ".join(f"'{name}'" for name in sorted(map(str, begun)))
        return (
            f"its form begins after {listed}, which the mapping leaves out",
            "Name an intent after which a rule or story runs the form.",
        )

    def _begun(self, mapping: SlotMapping) -> frozenset[str | None]:
        """Return the intents that begin the mapping's forms, none when a form is unknown."""
        named = [one.active_loop for one in mapping.conditions if one.active_loop]
        forms = named or list(self._domain.forms)
        if any(name not in self._domain.forms for name in forms):
            return frozenset()
        return frozenset[str | None]().union(*(self._beginnings.get(one, ()) for one in forms))

    def _custom(self, mapping: SlotMapping) -> tuple[str, str] | None:
        if mapping.type != "custom" or mapping.action is not None or self._usage.outside:
            return None
        return (
            "the domain has no action that could set it",
            f"Name an 'action', add '{VALIDATE_SLOT_MAPPINGS}' to the domain's actions, or write "
            "'mappings: []' when stories or other programs set the slot.",
        )
