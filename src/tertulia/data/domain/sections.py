"""Reads one domain file, section by section, to a fragment.

Source: spec domain.md sections 2 and 10.
"""

from collections.abc import Callable
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.core.domain.model import Dialect, SessionConfig
from tertulia.data.domain.dialect import SECTIONS, FileDialect
from tertulia.data.domain.forms import read_actions, read_e2e_actions, read_forms
from tertulia.data.domain.fragment import Fragment
from tertulia.data.domain.intents import read_entities, read_intents
from tertulia.data.domain.reader import Reader
from tertulia.data.domain.responses import read_responses
from tertulia.data.domain.slots import read_slots
from tertulia.data.yaml import Node

Json = Any

SESSION_KEYS = ("session_expiration_time", "carry_over_slots_to_new_session")
LEGACY_CONFIG_KEYS = ("store_entities_as_slots", "restart_intent")

_OTHER_KEYS = frozenset({"version", "nlu", "stories", "rules", "regex", "synonyms", "lookup"})


def read_fragment(root: Node, source: FileDialect, diagnostics: Diagnostics) -> Fragment:
    """Return what a domain file holds; everything wrong in it is noted."""
    reader = Reader(source, diagnostics)
    fragment = Fragment(dialects=frozenset({source.dialect}))
    for key, node in root.items():
        section = _section(key.text, reader)
        if node.is_null:
            continue
        if section == "templates":
            reader.warning(
                "T208",
                "'templates' is ignored, since 3.x calls it 'responses'",
                key.span,
                "Rename it.",
            )
        elif section in _READERS:
            _READERS[section](fragment, node, reader)
            fragment.order[section] = None
        elif section not in _OTHER_KEYS and (near := nearest(section, (*SECTIONS, "config"))):
            reader.warning("T207", f"a domain has no section '{section}'", key.span, near)
    return fragment


def _section(key: str, reader: Reader) -> str:
    """Return the section that a key stands for."""
    return "responses" if key == "templates" and reader.dialect is not Dialect.V3 else key


def _intents(fragment: Fragment, node: Node, reader: Reader) -> None:
    fragment.intents = read_intents(node, reader)


def _entities(fragment: Fragment, node: Node, reader: Reader) -> None:
    fragment.entities = read_entities(node, reader)


def _slots(fragment: Fragment, node: Node, reader: Reader) -> None:
    fragment.slots = read_slots(node, reader)


def _responses(fragment: Fragment, node: Node, reader: Reader) -> None:
    # Old files may have both names of the section; the first of two equal names counts.
    fragment.responses = {**read_responses(node, reader), **fragment.responses}


def _actions(fragment: Fragment, node: Node, reader: Reader) -> None:
    fragment.actions = read_actions(node, reader)


def _forms(fragment: Fragment, node: Node, reader: Reader) -> None:
    fragment.forms = read_forms(node, reader)


def _e2e_actions(fragment: Fragment, node: Node, reader: Reader) -> None:
    fragment.e2e_actions = read_e2e_actions(node, reader)


def _session(fragment: Fragment, node: Node, reader: Reader) -> None:
    what = "'session_config'"
    if not node.is_map:
        reader.misfit(node, what, "a mapping")
        return
    reader.only_keys(node, SESSION_KEYS, what, code="T207", is_error=False)
    time = node.get("session_expiration_time")
    minutes = reader.number(time, "'session_expiration_time'", default=60.0)
    if time is not None and minutes < 0:
        reader.error(
            "T260",
            f"'session_expiration_time' is {time.text}, and time does not run backwards",
            time.span,
            "Give minutes; 0 means that sessions never expire.",
        )
        minutes = 60.0
    carry = reader.flag(
        node.get("carry_over_slots_to_new_session"),
        "'carry_over_slots_to_new_session'",
        default=True,
    )
    fragment.session = SessionConfig(expiration_minutes=minutes, carry_over_slots=carry)


def _config(fragment: Fragment, node: Node, reader: Reader) -> None:
    if not node.is_map:
        reader.misfit(node, "'config'", "a mapping")
        return
    if reader.is_legacy:
        reader.only_keys(node, LEGACY_CONFIG_KEYS, "'config'", code="T261")
    reader.flag(node.get("store_entities_as_slots"), "'store_entities_as_slots'", default=True)
    reader.optional_text(node.get("restart_intent"), "'restart_intent'")
    fragment.config = node.plain()


_READERS: dict[str, Callable[[Fragment, Node, Reader], None]] = {
    "intents": _intents,
    "entities": _entities,
    "slots": _slots,
    "responses": _responses,
    "actions": _actions,
    "forms": _forms,
    "e2e_actions": _e2e_actions,
    "session_config": _session,
    "config": _config,
}
