"""Checks over all NLU data together: what one file alone cannot show.

Source: nlu.md section 5.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Collection

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu.model import Example, NluData, Regex

_FEWEST = 2


def check_nlu(data: NluData, diagnostics: Diagnostics, responses: Collection[str] = ()) -> None:
    """Note everything that would train badly or not at all; the data is left as it is.

    responses: names of those in the domain, beside those in the data.
    """
    _counts(data, diagnostics)
    _ambiguous_texts(data, diagnostics)
    _synonyms(data, diagnostics)
    _regexes(data, diagnostics)
    _retrieval(data, {*responses, *data.responses}, diagnostics)
    for example in data.examples:
        _entities(example, diagnostics)


def _counts(data: NluData, diagnostics: Diagnostics) -> None:
    intents = Counter(one.intent for one in data.examples if one.intent is not None)
    first = {one.intent: one for one in reversed(data.examples)}
    for intent, count in intents.items():
        at = first[intent].span
        if not intent.strip():
            diagnostics.warning(
                "T336", "an intent has an empty name", hint="Give it a name.", at=at
            )
        elif count < _FEWEST:
            diagnostics.warning(
                "T350",
                f"the intent '{intent}' has only {count} example",
                hint="Give it at least two, better ten.",
                at=at,
            )
    types: defaultdict[str, list[Example]] = defaultdict(list)
    for example in data.examples:
        for entity in example.entities:
            types[entity.entity].append(example)
    for name, examples in types.items():
        if len(examples) < _FEWEST:
            diagnostics.warning(
                "T351",
                f"the entity '{name}' is annotated only once",
                hint="Annotate at least two examples.",
                at=examples[0].span,
            )


def _ambiguous_texts(data: NluData, diagnostics: Diagnostics) -> None:
    first: dict[str, Example] = {}
    for example in data.examples:
        if example.label is None:
            continue
        earlier = first.setdefault(example.text, example)
        if earlier.label != example.label:
            diagnostics.warning(
                "T352",
                f"the same text is an example of '{earlier.label}' ({earlier.span}) "
                f"and of '{example.label}'",
                hint="Keep it under one intent.",
                at=example.span,
            )


def _synonyms(data: NluData, diagnostics: Diagnostics) -> None:
    values: dict[str, str] = {}
    for one in data.synonyms.definitions:
        earlier = values.get(one.text)
        if earlier is not None and earlier != one.value:
            diagnostics.warning(
                "T355",
                f"'{one.text}' stands for '{earlier}' and for '{one.value}'; the last counts",
                hint="Keep one of the two.",
                at=one.span,
            )
        values[one.text] = one.value


def _regexes(data: NluData, diagnostics: Diagnostics) -> None:
    for regex in data.regexes:
        is_pattern(regex, diagnostics)


def is_pattern(regex: Regex, diagnostics: Diagnostics) -> bool:
    """Tell whether a regex of the data can be used; note why when it cannot."""
    try:
        re.compile(regex.pattern)
    except (re.error, RecursionError, OverflowError) as error:
        diagnostics.error(
            "T353",
            f"the pattern of '{regex.name}' is no valid regular expression: {error}",
            hint="Escape special characters with a backslash.",
            at=regex.span,
        )
        return False
    return True


def _retrieval(data: NluData, responses: Collection[str], diagnostics: Diagnostics) -> None:
    reported: set[str] = set()
    for example in data.examples:
        key = example.response_key
        if key is None or key in reported or f"utter_{key}" in responses:
            continue
        reported.add(key)
        diagnostics.warning(
            "T354",
            f"the retrieval intent '{key}' has no response 'utter_{key}'",
            hint=f"Add 'utter_{key}:' below 'responses:'.",
            at=example.span,
        )


def _entities(example: Example, diagnostics: Diagnostics) -> None:
    end = 0
    last: tuple[int, int] | None = None
    for entity in sorted(example.entities, key=lambda one: (one.start, one.end)):
        if not 0 <= entity.start < entity.end <= len(example.text):
            diagnostics.error(
                "T357",
                f"the entity '{entity.entity}' goes from {entity.start} to {entity.end}, "
                f"and the text has {len(example.text)} characters",
                hint="Count characters from 0; the end is the one after the last.",
                at=example.span,
            )
            continue
        if entity.start < end and (entity.start, entity.end) != last:
            diagnostics.warning(
                "T356",
                f"the entity '{entity.entity}' overlaps another one in the same text",
                hint="Annotate each part of a text once.",
                at=example.span,
            )
        end, last = max(end, entity.end), (entity.start, entity.end)
