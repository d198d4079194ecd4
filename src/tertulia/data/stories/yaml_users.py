"""User messages of YAML stories: a node to an event.

Source: spec stories.md section 3.
"""

from typing import Any

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import InputProblem
from tertulia.base.source import SourceSpan
from tertulia.core.events import UserUttered
from tertulia.core.regex_message import PREFIX, read_legacy
from tertulia.data.nlu.annotations import read_annotations
from tertulia.data.stories.yaml_notes import Notes
from tertulia.data.yaml import Node

Json = Any


class UserReader:
    """Reads user steps of one file. is_test_file: full retrieval intents are no surprise."""

    def __init__(self, notes: Notes, *, is_test_file: bool, diagnostics: Diagnostics) -> None:
        self._notes = notes
        self._is_test_file = is_test_file
        self._diagnostics = diagnostics

    def utterance(self, node: Node) -> UserUttered | None:
        """Return the user message of a step; None when it cannot be read (noted)."""
        intent = self._intent(node)
        listed = self._entities(node.get("entities"))
        if intent is None or listed is None:
            return None
        message = node.get("user")
        if message is None:
            data = {"intent": intent, "entities": listed, "text": None}
            return UserUttered(text=None, parse_data=data)
        said = self._message(message)
        if said is None:
            return None
        text, annotated = said
        data = {"intent": intent, "entities": annotated or listed, "text": text}
        return UserUttered(text=text, parse_data=data)

    def _message(self, node: Node) -> tuple[str, list[dict[str, Json]]] | None:
        """Return the message's plain text and the entities written in it."""
        text = self._notes.text(node, "user")
        if text is None:
            return None
        try:
            annotated = read_annotations(text, at=node.span)
        except InputProblem as error:
            self._diagnostics.error(
                error.code, error.message, hint=error.hint, at=error.at or node.span
            )
            return None
        if annotated.text.startswith(PREFIX):
            return annotated.text, list(read_legacy(annotated.text).entities)
        return annotated.text, [_wire(entity) for entity in annotated.entities]

    def _intent(self, node: Node) -> dict[str, Json] | None:
        """Return the intent object, with a null name for a step that has only a text."""
        written = node.get("intent")
        name = "" if written is None else self._notes.text(written, "intent")
        if name is None:
            return None
        at = node.span if written is None else written.span
        if name.startswith(PREFIX):
            name = name[len(PREFIX) :]
            self._warn_intent("an intent is written without '/'", f"Write '{name}'.", at)
        if not name:
            if node.get("user") is not None:
                return {"name": None, "confidence": 1.0}
            self._warn_intent("this intent has no name", "Write the name of an intent.", at)
        base, slash, key = name.partition("/")
        intent: dict[str, Json] = {"name": base, "confidence": 1.0}
        if slash:
            if "/" in key:
                self._diagnostics.error(
                    "T319",
                    f"the intent '{name}' has more than one '/'",
                    hint="A retrieval intent is written 'base/key'.",
                    at=at,
                )
                return None
            intent["full_retrieval_intent_name"] = name
            if not self._is_test_file:
                self._warn_intent(
                    f"stories know only the base of the retrieval intent '{name}'",
                    f"Write '{base}'.",
                    at,
                )
        return intent

    def _warn_intent(self, message: str, hint: str, at: SourceSpan) -> None:
        self._diagnostics.warning("T319", message, hint=hint, at=at)

    def _entities(self, node: Node | None) -> list[dict[str, Json]] | None:
        if node is None or node.is_null:
            return []
        hint = "Write '- city: Rome', or '- city' without a value."
        if not node.is_list:
            self._notes.wrong_type(node, "'entities'", "a list", hint)
            return None
        found: list[dict[str, Json]] = []
        for element in node.elements():
            if isinstance(element.value, str):
                found.append({"entity": element.value, "value": ""})
                continue
            types = [key.text for key, _ in element.items() if key.text not in ("role", "group")]
            if len(types) != 1:
                self._notes.wrong_type(element, "an entity", "one type with its value", hint)
                return None
            entity = {"entity": types[0], "value": _plain(element, types[0])}
            for part in ("role", "group"):
                if (written := element.get(part)) is not None:
                    entity[part] = written.text or written.plain()
            found.append(entity)
        return found


def _plain(node: Node, key: str) -> Json:
    value = node.get(key)
    return None if value is None else value.plain()


def _wire(entity: msgspec.Struct) -> dict[str, Json]:
    fields = msgspec.structs.asdict(entity)
    return {name: value for name, value in fields.items() if value is not None}
