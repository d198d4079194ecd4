"""Regular expressions and lookup tables of the training data, compiled and ready to search.

Source: spec nlu.md section 5.
"""

import re
from collections.abc import Iterator, Sequence
from re import Pattern

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import NluData
from tertulia.data.nlu.check import is_pattern
from tertulia.ml.parts import Parts


class PatternConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Which patterns count.

    case_sensitive: whether letter case matters. use_word_boundaries: lookup words match whole
    words only.
    """

    case_sensitive: bool = True
    use_lookup_tables: bool = True
    use_regexes: bool = True
    use_word_boundaries: bool = True


def refuse_broken(pattern: str | None) -> None:
    """Raise ValueError when a parameter is no valid pattern; None is fine."""
    if pattern is None:
        return
    try:
        re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ValueError(f"'{pattern}' is no valid regular expression: {error}") from error


class NamedPattern(msgspec.Struct, frozen=True):
    """A pattern as text, under its name."""

    name: str
    pattern: str


def collect_patterns(
    data: NluData, config: PatternConfig, diagnostics: Diagnostics
) -> list[NamedPattern]:
    """Return regexes, then lookup tables as patterns; broken regexes are noted and left out."""
    found: list[NamedPattern] = []
    if config.use_regexes:
        found += (
            NamedPattern(regex.name, regex.pattern)
            for regex in data.regexes
            if is_pattern(regex, diagnostics)
        )
    if config.use_lookup_tables:
        for name, elements in data.lookup_tables.items():
            if elements:
                found.append(NamedPattern(name, lookup_pattern(elements, config)))
    return found


def lookup_pattern(elements: Sequence[str], config: PatternConfig) -> str:
    """Return one pattern for the elements of a lookup table; the first that fits wins."""
    border = r"\b" if config.use_word_boundaries else ""
    unique = dict.fromkeys(elements)
    return "(" + "|".join(f"{border}{re.escape(one)}{border}" for one in unique) + ")"


class PatternSearch:
    """Finds every match of every pattern in a text."""

    def __init__(self, patterns: Sequence[NamedPattern], *, case_sensitive: bool) -> None:
        flags = 0 if case_sensitive else re.IGNORECASE
        self.patterns = tuple(patterns)
        self._compiled: list[tuple[str, Pattern[str]]] = [
            (one.name, re.compile(one.pattern, flags)) for one in patterns
        ]

    def matches(self, text: str) -> Iterator[tuple[str, int, int]]:
        """Yield name, start and end of each match that is not empty, pattern by pattern."""
        for name, pattern in self._compiled:
            for match in pattern.finditer(text):
                if match.end() > match.start():
                    yield name, match.start(), match.end()

    def parts(self) -> Parts:
        """Return the patterns as JSON."""
        return Parts(meta={"patterns": [[one.name, one.pattern] for one in self.patterns]})


def patterns_of(parts: Parts) -> list[NamedPattern]:
    """Return the patterns that `PatternSearch.parts` wrote."""
    pairs = msgspec.convert(parts.meta["patterns"], list[tuple[str, str]])
    return [NamedPattern(name, pattern) for name, pattern in pairs]
