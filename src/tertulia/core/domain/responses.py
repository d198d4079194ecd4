"""Responses: which variation of a response to send, and its variables replaced by values.

Deliberate differences from the originals: text is read in one pass, so doubled braces beside a
variable and the characters `0[` do no harm, and an unbalanced brace leaves the text as written
instead of failing the action.

Source: spec nlg.md sections 1 and 2.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeGuard

import msgspec

from tertulia.base.ports import Random
from tertulia.core.domain.model import Domain, Generation, ResponseCondition, Variation

Json = Any

LEGACY_FIELDS = ("text",)
MODERN_FIELDS = ("text", "image", "custom", "buttons", "attachment", "quick_replies")
"""The fields of a variation in which variables are replaced."""

_PART = re.compile(r"\{\{|\}\}|\{\}|\{([^\n{}]+)\}|[{}]")


class Filled(msgspec.Struct, frozen=True):
    """A value with its variables replaced. notes: why parts were left as they were written."""

    value: Json
    notes: tuple[str, ...] = ()


class Rendered(msgspec.Struct, frozen=True):
    """A response ready to be sent.

    content: the variation's own keys (`text`, `buttons`, `id`, `condition`, `metadata`, ...) and,
    in the modern generation, `utter_action`. notes: problems met while filling, for the log; they
    hold names and no values.
    """

    content: dict[str, Json]
    notes: tuple[str, ...] = ()


def render(
    domain: Domain,
    name: str,
    *,
    slots: Mapping[str, Json],
    channel: str | None,
    arguments: Mapping[str, Json],
    random: Random,
) -> Rendered | None:
    """Return the response `name` with slots and arguments filled in, or None.

    None: no such response, or no variation fits the slots and the channel. arguments: of a custom
    action's call; they hide slots of the same name. The result shares nothing with the domain.
    """
    variation = choose(domain, name, slots=slots, channel=channel, random=random)
    if variation is None:
        return None
    modern = domain.generation is Generation.MODERN
    variables = {**slots, **arguments}
    content = copy.deepcopy(variation.content)
    notes: list[str] = []
    for field in MODERN_FIELDS if modern else LEGACY_FIELDS:
        if field in content:
            filled = fill(content[field], variables, domain.generation)
            content[field] = filled.value
            notes += (f"response '{name}', {field}: {note}" for note in filled.notes)
    if modern:
        content["utter_action"] = name
    return Rendered(content, tuple(notes))


def choose(
    domain: Domain,
    name: str,
    *,
    slots: Mapping[str, Json],
    channel: str | None,
    random: Random,
) -> Variation | None:
    """Return one of the fitting variations of a response, or None when there is none.

    Modern: the first of these groups that is not empty: conditional for this channel,
    unconditional for this channel, conditional for any, unconditional for any.
    Legacy: those for this channel, else those for any; conditions are not looked at.
    """
    group = eligible(domain, name, slots=slots, channel=channel)
    return random.choice(group) if group else None


def eligible(
    domain: Domain, name: str, *, slots: Mapping[str, Json], channel: str | None
) -> Sequence[Variation]:
    """Return the variations among which chance decides, in the order of the domain."""
    variations = domain.responses.get(name, ())
    here, anywhere = _of_channel(variations, channel), _of_channel(variations, None)
    if domain.generation is Generation.LEGACY:
        return here or anywhere
    return (
        _conditional(here, slots)
        or _unconditional(here)
        or _conditional(anywhere, slots)
        or _unconditional(anywhere)
    )


def _of_channel(variations: Sequence[Variation], channel: str | None) -> list[Variation]:
    return [each for each in variations if each.channel == channel]


def _unconditional(variations: Sequence[Variation]) -> list[Variation]:
    return [each for each in variations if each.condition is None]


def _conditional(variations: Sequence[Variation], slots: Mapping[str, Json]) -> list[Variation]:
    # An empty list of conditions is neither a default nor ever true, as in the original.
    return [
        each
        for each in variations
        if each.condition and all(_is_met(condition, slots) for condition in each.condition)
    ]


def _is_met(condition: ResponseCondition, slots: Mapping[str, Json]) -> bool:
    value = slots.get(condition.name)
    if isinstance(value, str) and isinstance(condition.value, str):
        return value.casefold() == condition.value.casefold()
    return value == condition.value


def fill(value: Json, variables: Mapping[str, Json], generation: Generation) -> Filled:
    """Return the value with every `{variable}` in its texts replaced.

    Goes through mappings (values, not keys) and lists. `{{` and `}}` stand for single braces and
    `{}` for itself. A text with an unknown variable or an unbalanced brace stays as written, the
    others are filled all the same. A variable that is None reads `None`.
    Legacy without any variable: nothing is replaced, doubled braces stay.
    """
    if generation is Generation.LEGACY and not variables:
        return Filled(value)
    notes: list[str] = []
    return Filled(_fill(value, variables, notes), tuple(notes))


def _fill(value: Json, variables: Mapping[str, Json], notes: list[str]) -> Json:
    if isinstance(value, str):
        return _fill_text(value, variables, notes)
    if _is_map(value):
        return {key: _fill(inner, variables, notes) for key, inner in value.items()}
    if _is_list(value):
        return [_fill(inner, variables, notes) for inner in value]
    return value


def _is_map(value: Json) -> TypeGuard[Mapping[str, Json]]:
    return isinstance(value, Mapping)


def _is_list(value: Json) -> TypeGuard[Sequence[Json]]:
    return isinstance(value, list | tuple)


def _fill_text(text: str, variables: Mapping[str, Json], notes: list[str]) -> str:
    parts: list[str] = []
    end = 0
    for found in _PART.finditer(text):
        parts.append(text[end : found.start()])
        end = found.end()
        match found[0], found[1]:
            case ("{{" | "}}") as doubled, None:
                parts.append(doubled[0])
            case "{}", None:
                parts.append("{}")
            case brace, None:
                notes.append(f"unbalanced '{brace}', so the text stays as written")
                return text
            case _, name if name in variables:
                parts.append(str(variables[name]))
            case _, name:
                notes.append(f"unknown variable '{name}', so the text stays as written")
                return text
    return "".join((*parts, text[end:]))


def texts_in(value: Json) -> Iterator[str]:
    """Yield the texts in which variables of a value are replaced."""
    if isinstance(value, str):
        yield value
    elif _is_map(value):
        for inner in value.values():
            yield from texts_in(inner)
    elif _is_list(value):
        for inner in value:
            yield from texts_in(inner)


def variables_in(text: str) -> list[str]:
    """Return the variable names in a text, in order, each once."""
    return list(dict.fromkeys(found[1] for found in _PART.finditer(text) if found[1]))
