"""Puts the fragments of several domain files together.

The first file that has a name wins. Unlike the original, `config` keys of later files count
where earlier files do not have them: otherwise the order of the files would decide silently.

Source: spec domain.md section 11.
"""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import TypeVar

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import SessionConfig
from tertulia.data.domain.fragment import Entry, Fragment

T = TypeVar("T")


class _Duplicate(msgspec.Struct, frozen=True):
    section: str
    name: str
    kept: SourceSpan
    dropped: SourceSpan


def merge(fragments: Sequence[Fragment], diagnostics: Diagnostics) -> Fragment:
    """Return all fragments as one; names in several files are noted in one warning."""
    duplicates: list[_Duplicate] = []

    def pair(first: Fragment, second: Fragment) -> Fragment:
        return _pair(first, second, duplicates)

    merged = reduce(pair, fragments)
    if duplicates:
        named = "; ".join(
            f"{each.section} '{each.name}' ({each.kept}, {each.dropped})" for each in duplicates
        )
        diagnostics.warning(
            "T210",
            f"these names are in several domain files, and the first of each counts: {named}",
            hint="Keep one of each.",
            at=duplicates[0].dropped,
        )
    return merged


def _pair(first: Fragment, second: Fragment, duplicates: list[_Duplicate]) -> Fragment:
    def union(
        section: str, ours: Mapping[str, Entry[T]], theirs: Mapping[str, Entry[T]]
    ) -> dict[str, Entry[T]]:
        duplicates.extend(
            _Duplicate(section, name, ours[name].at, entry.at)
            for name, entry in theirs.items()
            if name in ours
        )
        new = {name: entry for name, entry in theirs.items() if name not in ours}
        return {**ours, **new}

    return Fragment(
        dialects=first.dialects | second.dialects,
        intents=union("intents", first.intents, second.intents),
        entities=union("entities", first.entities, second.entities),
        slots=union("slots", first.slots, second.slots),
        responses=union("responses", first.responses, second.responses),
        actions=union(
            "actions",
            _without(first.actions, second.forms),
            _without(second.actions, first.forms),
        ),
        forms=union("forms", first.forms, second.forms),
        # The same text in two files says the same thing twice: nothing to warn of.
        e2e_actions={**second.e2e_actions, **first.e2e_actions},
        session=_session(first, second),
        config={**second.config, **first.config},
        order={**first.order, **second.order},
    )


def _without(entries: dict[str, Entry[T]], names: Mapping[str, object]) -> dict[str, Entry[T]]:
    return {name: entry for name, entry in entries.items() if name not in names}


def _session(first: Fragment, second: Fragment) -> SessionConfig | None:
    if second.session and first.session in (None, SessionConfig()):
        return second.session
    return first.session
