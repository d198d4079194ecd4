"""One step of a YAML story or rule: a node to events.

Source: spec stories.md section 3.
"""

from collections.abc import Callable, Mapping
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.core.domain.model import Domain
from tertulia.core.events import ActionExecuted, ActiveLoop, SlotSet
from tertulia.data.stories.lines import action_or_event
from tertulia.data.stories.model import (
    SHOULD_NOT_BE_SET,
    Alternatives,
    Checkpoint,
    StepEvent,
    StoryItem,
)
from tertulia.data.stories.yaml_notes import Notes
from tertulia.data.stories.yaml_users import UserReader
from tertulia.data.yaml import Node

Json = Any

_USER_KEYS = frozenset({"intent", "user", "entities"})
_ROWS: Mapping[str, frozenset[str]] = {
    "intent": _USER_KEYS,
    "user": _USER_KEYS,
    "or": frozenset({"or"}),
    "action": frozenset({"action"}),
    "bot": frozenset({"bot"}),
    "checkpoint": frozenset({"checkpoint", "slot_was_set"}),
    "slot_was_set": frozenset({"slot_was_set"}),
    "active_loop": frozenset({"active_loop"}),
    "metadata": frozenset(),
}
_KINDS = "A step is one of: intent, user, or, action, bot, checkpoint, slot_was_set, active_loop."
_FILLED: Mapping[str, Json] = {"text": "filled", "list": ["filled"]}


class StepReader:
    """Reads steps of one file. is_rule: null means 'must not be set'."""

    def __init__(
        self, *, domain: Domain | None, is_test_file: bool, diagnostics: Diagnostics
    ) -> None:
        self._domain = domain
        self._diagnostics = diagnostics
        self._notes = Notes(diagnostics)
        self._users = UserReader(self._notes, is_test_file=is_test_file, diagnostics=diagnostics)
        self._read: Mapping[str, Callable[[Node, bool], list[StoryItem]]] = {
            "intent": self._user,
            "user": self._user,
            "or": self._or,
            "action": self._action,
            "bot": self._bot,
            "checkpoint": self._checkpoint,
            "slot_was_set": self._slots,
            "active_loop": self._loop,
            "metadata": lambda _node, _is_rule: [],
        }

    def step(self, node: Node, *, is_rule: bool) -> list[StoryItem]:
        """Return the items of a step; none when it cannot be read (noted)."""
        if not node.is_map:
            self._notes.wrong_type(
                node, "a step", "a mapping", "Write '- intent: name' or the like."
            )
            return []
        kind = next((name for name in _ROWS if node.get(name) is not None), None)
        if kind is None:
            first = next((key for key, _ in node.items()), None)
            written = first.text if first else ""
            self._diagnostics.error(
                "T317",
                f"there is no step '{written}'" if first else "this step is empty",
                hint=nearest(written, list(_ROWS)) or _KINDS,
                at=first.span if first else node.span,
            )
            return []
        self._notes.unknown_keys(node, _ROWS[kind] | {"metadata"}, f"a step '{kind}'")
        return self._read[kind](node, is_rule)

    def condition(self, node: Node) -> list[StoryItem]:
        """Return the events of one condition of a rule."""
        kind = next((k for k in ("active_loop", "slot_was_set") if node.get(k) is not None), None)
        if kind is None:
            self._diagnostics.error(
                "T317",
                "this is no condition of a rule",
                hint="A condition is 'active_loop' or 'slot_was_set'.",
                at=node.span,
            )
            return []
        self._notes.unknown_keys(node, {"active_loop", "slot_was_set"}, "a condition")
        loops = self._loop(node, True) if node.get("active_loop") is not None else []
        slots = self._slots(node, True) if node.get("slot_was_set") is not None else []
        return loops + slots

    def _user(self, node: Node, is_rule: bool) -> list[StoryItem]:
        event = self._users.utterance(node)
        return [] if event is None else [StepEvent(event, node.span)]

    def _or(self, node: Node, is_rule: bool) -> list[StoryItem]:
        written = node.get("or") or node
        options: list[tuple[StepEvent, ...]] = []
        for option in written.elements():
            if option.get("intent") is not None:
                self._notes.unknown_keys(option, _USER_KEYS, "an alternative")
                read = self._user(option, is_rule)
            elif option.get("slot_was_set") is not None:
                self._notes.unknown_keys(option, {"slot_was_set"}, "an alternative")
                read = self._slots(option, is_rule)
            else:
                self._not_an_alternative(option)
                return []
            options += [(item,) for item in read if isinstance(item, StepEvent)]
        if not options:
            self._not_an_alternative(written)
            return []
        return [Alternatives(tuple(options), node.span)]

    def _not_an_alternative(self, node: Node) -> None:
        self._diagnostics.error(
            "T320",
            "'or' lists alternatives of 'intent' or 'slot_was_set', and this is none",
            hint="Write each alternative as '- intent: name' or '- slot_was_set: ...'.",
            at=node.span,
        )

    def _action(self, node: Node, is_rule: bool) -> list[StoryItem]:
        written = node.get("action") or node
        name = self._notes.text(written, "action")
        if name == "":
            self._diagnostics.warning(
                "T329",
                "this action has no name and is skipped",
                hint="Write the name of an action.",
                at=written.span,
            )
        return [StepEvent(action_or_event(name), written.span)] if name else []

    def _bot(self, node: Node, is_rule: bool) -> list[StoryItem]:
        written = node.get("bot") or node
        if is_rule:
            self._not_in_rule("bot", node)
            return []
        said = self._notes.text(written, "bot")
        return [StepEvent(ActionExecuted(action_text=said), written.span)] if said else []

    def _checkpoint(self, node: Node, is_rule: bool) -> list[StoryItem]:
        if is_rule:
            self._not_in_rule("checkpoint", node)
            return []
        written = node.get("checkpoint") or node
        name = self._notes.text(written, "checkpoint")
        conditions = node.get("slot_was_set")
        held: dict[str, Json] = {}
        if conditions is not None and not conditions.is_null:
            if not conditions.is_list:
                self._notes.wrong_type(
                    conditions, "'slot_was_set'", "a list", "Write '- slot: value'."
                )
                return []
            for element in conditions.elements():
                if not element.is_map:
                    self._diagnostics.warning(
                        "T328",
                        "a condition without a value cannot hold; the checkpoint is skipped",
                        hint="Write '- slot: value'.",
                        at=element.span,
                    )
                    return []
                held |= {key.text: value.plain() for key, value in element.items()}
        if not name:
            if name is not None:
                self._notes.wrong_type(
                    written, "'checkpoint'", "a name", "Write '- checkpoint: name'."
                )
            return []
        return [Checkpoint(name, held, written.span)]

    def _not_in_rule(self, kind: str, node: Node) -> None:
        self._diagnostics.error(
            "T321",
            f"a rule has no '{kind}' steps",
            hint="Write a story, or leave the step out.",
            at=node.span,
        )

    def _slots(self, node: Node, is_rule: bool) -> list[StoryItem]:
        written = node.get("slot_was_set") or node
        if not written.is_list:
            hint = "Write a list: '- slot_was_set:' and below it '- city: Rome'."
            self._notes.wrong_type(written, "'slot_was_set'", "a list", hint)
            return []
        events: list[StoryItem] = []
        for element in written.elements():
            if isinstance(element.value, str):
                value = self._value_of_bare(element.value, element)
                events.append(StepEvent(self._slot(element.value, value, is_rule), element.span))
            elif element.is_map:
                events += [
                    StepEvent(self._slot(key.text, value.plain(), is_rule), key.span)
                    for key, value in element.items()
                ]
            else:
                self._notes.wrong_type(
                    element, "a slot", "a name or a mapping", "Write '- city: Rome'."
                )
        return events

    def _slot(self, name: str, value: Json, is_rule: bool) -> SlotSet:
        return SlotSet(name=name, value=SHOULD_NOT_BE_SET if is_rule and value is None else value)

    def _value_of_bare(self, name: str, node: Node) -> Json:
        """Return the value that the mere name of a slot stands for."""
        if self._domain is None:
            return None
        slot = self._domain.slots.get(name)
        if slot is None:
            self._diagnostics.error(
                "T312",
                f"the domain has no slot '{name}'",
                hint=nearest(name, sorted(self._domain.slots)) or "Add it to the domain's slots.",
                at=node.span,
            )
            return None
        if slot.type in _FILLED:
            return _FILLED[slot.type]
        if slot.influence_conversation and slot.type not in ("unfeaturized", "any"):
            self._diagnostics.warning(
                "T327",
                f"the {slot.type} slot '{name}' is written without a value, which means null",
                hint=f"Write '- {name}: value'.",
                at=node.span,
            )
        return None

    def _loop(self, node: Node, is_rule: bool) -> list[StoryItem]:
        written = node.get("active_loop") or node
        name = self._notes.text(written, "active_loop")
        if name is None:
            return []
        none = SHOULD_NOT_BE_SET if is_rule else None
        return [StepEvent(ActiveLoop(name=name or none), written.span)]
