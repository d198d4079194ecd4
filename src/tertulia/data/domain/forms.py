"""Reads the sections `actions`, `forms` and `e2e_actions`.

Source: spec domain.md sections 8 to 10.
"""

from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.model import Action, Dialect, Form, SlotMapping
from tertulia.data.domain.fragment import Entry, FormDraft, add
from tertulia.data.domain.mappings import read_mappings
from tertulia.data.domain.reader import Named, Reader
from tertulia.data.yaml import Key, Node

Mappings = dict[str, tuple[SlotMapping, ...]]

_MOVE = (
    "List the slot names under 'required_slots', and move the mappings to the slots with "
    "'conditions: [{active_loop: ...}]'."
)


def read_actions(node: Node, reader: Reader) -> dict[str, Entry[Action]]:
    """Return the declared actions of a file by name, in order."""
    found: dict[str, Entry[Action]] = {}
    for named in reader.named(node, "'actions'"):
        if named.name == RULE_SNIPPET_ACTION:
            reader.error(
                "T218",
                f"an action cannot be called '{RULE_SNIPPET_ACTION}'",
                named.at,
                "The name marks a gap in a rule; choose another.",
            )
            continue
        action = Action(name=named.name, send_domain=_sends_domain(named, reader), at=named.at)
        add(found, named.name, Entry(action, named.raw, named.at), "action", reader)
    return found


def _sends_domain(named: Named, reader: Reader) -> bool:
    properties, what = named.properties, f"the action '{named.name}'"
    if properties is None:
        return named.name.startswith("validate_")
    if reader.is_legacy:
        reader.error(
            "T208", f"{what} has properties, which 0.x does not know", named.at, "Remove them."
        )
        return False
    if not properties.is_map:
        reader.misfit(properties, f"what follows {what}", "a mapping")
        return False
    reader.only_keys(properties, ("send_domain",), what, code="T207")
    return reader.flag(properties.get("send_domain"), f"'send_domain' of {what}", default=False)


def read_e2e_actions(node: Node, reader: Reader) -> dict[str, Entry[str]]:
    """Return the texts that a bot says as they are."""
    found: dict[str, Entry[str]] = {}
    for named in reader.named(node, "'e2e_actions'"):
        found.setdefault(named.name, Entry(named.name, named.name, named.at))
    return found


def read_forms(node: Node, reader: Reader) -> dict[str, Entry[FormDraft]]:
    """Return the forms of a file by name."""
    found: dict[str, Entry[FormDraft]] = {}
    if node.is_list:
        return _form_list(node, reader)
    for key, value in reader.entries(node, "'forms'"):
        draft = _form(key, value, reader)
        if draft is not None:
            add(found, key.text, Entry(draft, value.plain(), key.span), "form", reader)
    return found


def _form_list(node: Node, reader: Reader) -> dict[str, Entry[FormDraft]]:
    """Return forms given as a list: their logic is on the action server."""
    found: dict[str, Entry[FormDraft]] = {}
    if reader.dialect is Dialect.V3 and node.elements():
        reader.error(
            "T250",
            "'forms' is a list; 3.x wants a mapping of form names",
            node.span,
            "Write each form as 'name: {required_slots: [...]}'.",
        )
    for named in reader.named(node, "'forms'"):
        draft = FormDraft(Form(name=named.name, is_remote=True, at=named.at), {})
        add(found, named.name, Entry(draft, {"required_slots": []}, named.at), "form", reader)
    return found


def _form(key: Key, node: Node, reader: Reader) -> FormDraft | None:
    what = f"the form '{key.text}'"
    if node.is_null and reader.dialect is Dialect.V2:
        return FormDraft(Form(name=key.text, at=key.span), {})
    if not node.is_map:
        hint = "Write 'required_slots: []' below it." if node.is_null else ""
        reader.error("T251", f"{what} must be a mapping, got {node.kind}", key.span, hint)
        return None
    required, ignored = node.get("required_slots"), node.get("ignored_intents")
    if required is None and ignored is not None:
        reader.error(
            "T252",
            f"{what} has 'ignored_intents' and no 'required_slots'",
            ignored.span,
            "Add 'required_slots: [...]'.",
        )
    known = ("required_slots", "ignored_intents")
    if required is not None:
        reader.only_keys(node, known, what, code="T207", is_error=False)
    slots, mappings = _required(
        key, required if required is not None else node, ignored is None, reader
    )
    form = Form(
        name=key.text,
        required_slots=slots,
        ignored_intents=reader.texts(ignored, f"'ignored_intents' of {what}"),
        at=key.span,
    )
    return FormDraft(form, mappings)


def _required(
    key: Key, node: Node, is_whole_form: bool, reader: Reader
) -> tuple[tuple[str, ...], Mappings]:
    """Return the required slots, and their mappings where 2.x writes them in the form."""
    what = f"the form '{key.text}'"
    if not node.is_map:
        return reader.texts(node, f"'required_slots' of {what}"), {}
    entries = [
        (slot, value)
        for slot, value in reader.entries(node, f"'required_slots' of {what}")
        if is_whole_form or slot.text not in ("required_slots", "ignored_intents")
    ]
    if entries and reader.dialect is not Dialect.V2:
        _note_old_style(what, entries[0][0].span, reader)
    mappings = {
        slot.text: read_mappings(value, f"the slot '{slot.text}' in {what}", reader)
        for slot, value in entries
    }
    return tuple(mappings), mappings


def _note_old_style(what: str, at: SourceSpan, reader: Reader) -> None:
    reader.error("T253", f"{what} has slot mappings, as 2.x writes them", at, _MOVE)
