"""What forms of 0.x ask for, read from their Python code without running it.

Only plain code is understood: names and lists written out, mappings made of `self.from_entity`,
`self.from_intent`, `self.from_text` and `self.from_trigger_intent`. Whatever else there is makes
the form one that cannot be read, which the caller says.

Source: spec sdk.md, "FormAction".
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.model import MappingCondition, SlotMapping
from tertulia.training.migration.domains import FormShape

Json = Any

_ONLY_WHEN_ASKED = frozenset({"from_text", "from_intent"})


class NotPlain(Exception):
    """The code says more than can be read without running it."""


def read_forms(code: str) -> tuple[list[FormShape], list[str]]:
    """Return the forms of a module, and the names of classes that cannot be read.

    Raises:
        SyntaxError: the text is no Python.
    """
    found: list[FormShape] = []
    unread: list[str] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ClassDef) and any(_is_form(base) for base in node.bases):
            try:
                found.append(_form(node))
            except NotPlain:
                unread.append(node.name)
    return found, unread


def _is_form(base: ast.expr) -> bool:
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    return name == "FormAction"


def _form(node: ast.ClassDef) -> FormShape:
    returned = dict(_returned(node))
    name, slots = _literal(returned.get("name")), _literal(returned.get("required_slots"))
    try:
        name, names = msgspec.convert((name, slots), tuple[str, tuple[str, ...]])
    except msgspec.ValidationError as error:
        raise NotPlain from error
    mappings: dict[str, list[SlotMapping]] = {}
    if (written := returned.get("slot_mappings")) is not None:
        mappings = {slot: _bound(own, name, slot) for slot, own in _mappings(written).items()}
    return FormShape(name=name, slots=names, mappings=mappings)


def _returned(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    """Yield each method with what it returns, where it does nothing else."""
    for method in node.body:
        if not isinstance(method, ast.FunctionDef):
            continue
        steps = [one for one in method.body if not _is_text(one)]
        if len(steps) == 1 and isinstance(steps[0], ast.Return) and steps[0].value is not None:
            yield method.name, steps[0].value


def _is_text(step: ast.stmt) -> bool:
    return isinstance(step, ast.Expr) and isinstance(step.value, ast.Constant)


def _literal(node: ast.expr | None) -> Json:
    if node is None:
        raise NotPlain
    try:
        return ast.literal_eval(node)
    except ValueError as error:
        raise NotPlain from error


def _mappings(node: ast.expr) -> dict[str, list[SlotMapping]]:
    if not isinstance(node, ast.Dict):
        raise NotPlain
    found: dict[str, list[SlotMapping]] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        calls = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
        found[str(_literal(key))] = [_mapping(call) for call in calls]
    return found


_FIRST = {"from_entity": "entity", "from_intent": "value", "from_trigger_intent": "value"}


def _mapping(node: ast.expr) -> SlotMapping:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        raise NotPlain
    kind = node.func.attr
    if kind not in (*_FIRST, "from_text"):
        raise NotPlain
    given: dict[str, Json] = {one.arg or "": _literal(one.value) for one in node.keywords}
    if node.args:
        given[_FIRST.get(kind, "intent")] = _literal(node.args[0])
    return SlotMapping(
        type=kind,
        entity=given.get("entity"),
        value=given.get("value"),
        intent=_names(given, "intent"),
        not_intent=_names(given, "not_intent"),
    )


def _names(given: Mapping[str, Json], key: str) -> tuple[str, ...]:
    value = given.get(key) or ()
    return (value,) if isinstance(value, str) else tuple(value)


def _bound(mappings: list[SlotMapping], form: str, slot: str) -> list[SlotMapping]:
    """Return mappings that hold while the form is active, some only while it asks for the slot."""
    return [
        replace(
            one,
            conditions=(
                MappingCondition(
                    active_loop=form,
                    requested_slot=slot if one.type in _ONLY_WHEN_ASKED else None,
                ),
            ),
        )
        for one in mappings
    ]
