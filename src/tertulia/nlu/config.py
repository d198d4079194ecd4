"""The `pipeline` of a configuration file to a list of components with checked parameters.

Source: spec nlu.md section 7.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import TertuliaError, nearest
from tertulia.base.source import SourceSpan
from tertulia.compat.nlu_names import (
    OLD_NAMES,
    POLICY_ENDING,
    RENAMED_PARAMETERS,
    SUGGESTED,
    TEMPLATES,
    UNAVAILABLE,
    WITHOUT_EFFECT,
    Template,
)
from tertulia.core.domain.model import Generation
from tertulia.data.yaml import Node
from tertulia.nlu.components import find_component

Json = Any

_ORIGINAL_PACKAGES = ("rasa.", "rasa_nlu.")


class ComponentConfig(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a pipeline.

    name: today's name. written: the name as the file has it. params: plain JSON, renamed to
    today's names. at: the place of the entry.
    """

    name: str
    written: str
    params: dict[str, Json]
    at: SourceSpan


def read_pipeline(
    node: Node | None, *, generation: Generation, at: SourceSpan, diagnostics: Diagnostics
) -> list[ComponentConfig]:
    """Return the components in order; every problem is noted and its component left out.

    node: the value of `pipeline`, a template's name or a list; None or empty: the suggested
    pipeline for a modern bot, an error for a legacy one. at: the place to blame when there is
    no node.
    """
    entries = _entries(node, generation, at, diagnostics)
    checked = [entry for entry in entries if _usable(entry, diagnostics)]
    _note_without_effect(checked, diagnostics)
    return checked


def _entries(
    node: Node | None, generation: Generation, at: SourceSpan, diagnostics: Diagnostics
) -> list[ComponentConfig]:
    if node is None or node.is_null or (node.is_list and not node.elements()):
        return _suggested(generation, node.span if node else at, diagnostics)
    if isinstance(node.value, str):
        return _template(node.value, node.span, diagnostics)
    if not node.is_list:
        diagnostics.error(
            "T160",
            f"the pipeline must be a list of components, not {node.kind}",
            hint="Write one `- name: Component` per line.",
            at=node.span,
        )
    read = (_entry(one, generation, diagnostics) for one in node.elements())
    return [entry for entry in read if entry is not None]


def _suggested(
    generation: Generation, at: SourceSpan, diagnostics: Diagnostics
) -> list[ComponentConfig]:
    if generation is Generation.LEGACY:
        diagnostics.error(
            "T160",
            "there is no pipeline",
            hint="Write `pipeline: supervised_embeddings`, or a list of components.",
            at=at,
        )
        return []
    diagnostics.warning(
        "T183",
        "there is no pipeline, so the suggested one is used: "
        + ", ".join(name for name, _ in SUGGESTED),
        hint="Write it down to keep it.",
        at=at,
    )
    return _expanded(SUGGESTED, at)


def _template(name: str, at: SourceSpan, diagnostics: Diagnostics) -> list[ComponentConfig]:
    template = TEMPLATES.get(name)
    if template is None:
        known = list(TEMPLATES)
        diagnostics.error(
            "T161",
            f"there is no pipeline template called '{name}'",
            hint=nearest(name, known) or f"Known: {', '.join(known)}.",
            at=at,
        )
        return []
    return _expanded(template, at)


def _expanded(template: Template, at: SourceSpan) -> list[ComponentConfig]:
    return [
        ComponentConfig(name=OLD_NAMES.get(name, name), written=name, params=dict(params), at=at)
        for name, params in template
    ]


def _entry(node: Node, generation: Generation, diagnostics: Diagnostics) -> ComponentConfig | None:
    name_node = node if isinstance(node.value, str) else node.get("name")
    written = name_node.value if name_node is not None else None
    if not isinstance(written, str) or not written.strip():
        diagnostics.error(
            "T160",
            f"an entry of the pipeline needs a `name`, this is {node.kind}",
            hint="Write `- name: Component`, its parameters below.",
            at=node.span,
        )
        return None
    params = {key.text: value.plain() for key, value in node.items() if key.text != "name"}
    name = todays_name(written)
    if written in OLD_NAMES and generation is Generation.MODERN:
        diagnostics.warning(
            "T169",
            f"'{written}' is an old name of {name}",
            hint=f"Write `{name}`.",
            at=node.span,
        )
    return ComponentConfig(
        name=name,
        written=written,
        params=_renamed(params, node.span, diagnostics),
        at=node.span,
    )


def todays_name(written: str) -> str:
    """Return the name in use today: of an old name, or of a class path in the originals."""
    if written.startswith(_ORIGINAL_PACKAGES):
        written = written.rsplit(".", 1)[1]
    return OLD_NAMES.get(written, written)


def _renamed(
    params: Mapping[str, Json], at: SourceSpan, diagnostics: Diagnostics
) -> dict[str, Json]:
    renamed: dict[str, Json] = {}
    for key, value in params.items():
        today = RENAMED_PARAMETERS.get(key)
        if today is None:
            renamed[key] = value
            continue
        diagnostics.warning(
            "T180", f"the parameter '{key}' is called '{today}' today", hint="Rename it.", at=at
        )
        renamed[today.partition(".")[0]] = value
    return renamed


def _usable(entry: ComponentConfig, diagnostics: Diagnostics) -> bool:
    """Whether the entry can be used; notes why not."""
    if entry.name in UNAVAILABLE:
        extra, instead = UNAVAILABLE[entry.name]
        diagnostics.error(
            "T503",
            f"the NLU component '{entry.written}' needs the extra 'tertulia[{extra}]', which is "
            "not available in this version",
            hint=instead,
            at=entry.at,
        )
        return False
    if entry.name.endswith(POLICY_ENDING) and "." not in entry.name:
        diagnostics.error(
            "T168",
            f"'{entry.written}' is a policy, not an NLU component",
            hint="Move it to `policies`.",
            at=entry.at,
        )
        return False
    try:
        found = find_component(entry.name, at=entry.at)
    except TertuliaError as error:
        diagnostics.error(error.code, error.message, hint=error.hint, at=entry.at)
        return False
    _note_unknown(entry, found.Config.__struct_fields__, diagnostics)
    try:
        convert_params(entry.params, found.Config)
    except msgspec.ValidationError as error:
        diagnostics.error(
            "T162",
            f"a parameter of {entry.name} cannot be used: {error}",
            hint="Correct its value, or leave it out for the default.",
            at=entry.at,
        )
        return False
    return True


def convert_params(params: Mapping[str, Json], config: type[msgspec.Struct]) -> msgspec.Struct:
    """Return the parameters that have an effect, as the component's typed configuration.

    Raises:
        msgspec.ValidationError: a value has the wrong type.
    """
    known = set(config.__struct_fields__)
    own = {key: value for key, value in params.items() if key in known}
    return msgspec.convert(own, config)


def _note_unknown(entry: ComponentConfig, known: Iterable[str], diagnostics: Diagnostics) -> None:
    fields = list(known)
    ignored, _ = WITHOUT_EFFECT.get(entry.name, (frozenset[str](), ""))
    for key in entry.params:
        if key not in fields and key not in ignored:
            diagnostics.warning(
                "T163",
                f"{entry.name} has no parameter '{key}'",
                hint=nearest(key, fields) or f"Known: {', '.join(fields) or 'none'}.",
                at=entry.at,
            )


def _note_without_effect(entries: Iterable[ComponentConfig], diagnostics: Diagnostics) -> None:
    """Note once for the whole pipeline which parameters change nothing here, and why."""
    found: list[str] = []
    place: SourceSpan | None = None
    for entry in entries:
        ignored, why = WITHOUT_EFFECT.get(entry.name, (frozenset[str](), ""))
        keys = [key for key in entry.params if key in ignored]
        if keys:
            place = place or entry.at
            found.append(f"{entry.name}: {', '.join(keys)} ({why})")
    if found:
        diagnostics.warning(
            "T164",
            f"these parameters have no effect here: {'; '.join(dict.fromkeys(found))}",
            hint="Keep or remove them, the bot is the same.",
            at=place,
        )
