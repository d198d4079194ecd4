"""In which dialect a domain file is written: its version, else the signs in its content.

Source: spec domain.md section 1.
"""

import re
from collections.abc import Iterator, Sequence

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Dialect, Generation
from tertulia.data.yaml import Node

NEWEST = (3, 1)

SECTIONS = (
    "intents",
    "entities",
    "slots",
    "responses",
    "actions",
    "forms",
    "e2e_actions",
    "session_config",
)
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.\d+)*")
_LEGACY_TYPE = re.compile(r"unfeaturized|rasa_core\..*|rasa\.core\..*")


class Version(msgspec.Struct, frozen=True):
    """What a file's `version` says. too_new: the file is not for this program.

    dialect: None when there is no version, or one from before 2.0.
    """

    dialect: Dialect | None = None
    too_new: bool = False


class FileDialect(msgspec.Struct, frozen=True):
    """How one file is read. declared: its own `version` says so, so it must keep to it."""

    dialect: Dialect
    declared: bool = False


def is_domain(root: Node) -> bool:
    """Tell whether a file has at least one section of a domain."""
    return any(_has(root, section) for section in (*SECTIONS, "templates"))


def version_of(root: Node, diagnostics: Diagnostics) -> Version:
    """Return what the file's version means; oddities are noted."""
    node = root.get("version")
    if node is None or node.is_null:
        return Version()
    if not isinstance(node.value, str):
        diagnostics.error(
            "T202",
            f"'version' must be text, got {node.kind}",
            hint=f'Put it in quotes: version: "{node.text or "3.1"}".',
            at=node.span,
        )
    found = _VERSION.fullmatch(node.text.strip())
    if found is None:
        diagnostics.warning(
            "T204",
            f"the version '{node.text}' is not a version number; the file is read as 3.1",
            hint='Write version: "3.1".',
            at=node.span,
        )
        return Version(Dialect.V3)
    number = (int(found[1]), int(found[2] or 0))
    if number > NEWEST:
        diagnostics.warning(
            "T203",
            f"the version {node.text} is newer than 3.1, so this file is left out",
            hint='Use a newer release of this program, or write version: "3.1".',
            at=node.span,
        )
        return Version(too_new=True)
    if number[0] == 2:
        return Version(Dialect.V2)
    if number < NEWEST:
        diagnostics.warning(
            "T204",
            f"the version {node.text} is older than 3.1; the file is read as "
            + ("3.1" if number[0] == 3 else "its content suggests"),
            hint='Write version: "3.1" when the file follows that format.',
            at=node.span,
        )
    return Version(Dialect.V3 if number[0] == 3 else None)


def decide(
    roots: Sequence[Node], versions: Sequence[Version], generation: Generation | None
) -> tuple[Generation, list[FileDialect]]:
    """Return the bot's generation and the dialect of each of its files.

    generation: known from elsewhere, such as the configuration; None to judge by the files.
    One domain may lie in several files, so signs in one count for all that state no version.
    """
    undeclared = [
        root for root, version in zip(roots, versions, strict=True) if version.dialect is None
    ]
    is_legacy = any(_looks_legacy(root) for root in undeclared)
    if generation is None:
        all_undeclared = len(undeclared) == len(roots)
        generation = Generation.LEGACY if is_legacy and all_undeclared else Generation.MODERN
    if generation is Generation.LEGACY:
        implied = Dialect.LEGACY
    elif is_legacy or _look_like_2(undeclared):
        implied = Dialect.V2
    else:
        implied = Dialect.V3
    return generation, [
        FileDialect(version.dialect or implied, version.dialect is not None) for version in versions
    ]


def _has(root: Node, section: str) -> bool:
    node = root.get(section)
    return node is not None and not node.is_null


def _looks_legacy(root: Node) -> bool:
    forms, config = root.get("forms"), root.get("config")
    return (
        _has(root, "templates")
        or bool(forms and forms.elements())
        or bool(config and config.get("restart_intent"))
        or any(_LEGACY_TYPE.fullmatch(_text_of(slot.get("type"))) for slot in _slots(root))
    )


def _look_like_2(roots: Sequence[Node]) -> bool:
    """Tell whether forms state how slots are filled, or slots do so in the way of 2.x."""
    forms = [form for root in roots for _, form in _entries(root.get("forms"))]
    slots = [slot for root in roots for slot in _slots(root)]
    if any(_states_mappings(form) for form in forms) or any(_is_of_2(slot) for slot in slots):
        return True
    return bool(forms) and any(slot.get("mappings") is None for slot in slots)


def _is_of_2(slot: Node) -> bool:
    return slot.get("auto_fill") is not None or _text_of(slot.get("type")).startswith(
        "rasa.shared.core.slots."
    )


def _states_mappings(form: Node) -> bool:
    required = form.get("required_slots")
    if required is not None:
        return required.is_map
    return any(node.is_list for key, node in form.items() if key.text != "ignored_intents")


def _slots(root: Node) -> Iterator[Node]:
    for _, slot in _entries(root.get("slots")):
        yield slot


def _entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    if node is not None:
        for key, value in node.items():
            yield key.text, value


def _text_of(node: Node | None) -> str:
    return node.text if node is not None else ""
