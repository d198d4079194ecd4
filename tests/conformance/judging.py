"""Compares answers with recorded ones: equal, explained by a rule that has a name, or different."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import msgspec

from .normal import first_difference

Json = Any
E = TypeVar("E")


class Answer(msgspec.Struct, frozen=True):
    """An answer as it is compared. body: JSON, or text. headers: those that matter."""

    status: int
    body: Json
    headers: Mapping[str, str] = {}


CORS = (
    "access-control-allow-credentials",
    "access-control-allow-headers",
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "vary",
)


def headers_of(headers: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Return some of the headers, their names in lower case."""
    return {name.lower(): value for name, value in headers.items() if name.lower() in names}


class Such:
    """Equal to every value that passes a test: a part of an answer that no recording can tell."""

    def __init__(self, what: str, is_such: Callable[[Json], bool]) -> None:
        self._what = what
        self._is_such = is_such

    def __eq__(self, other: object) -> bool:
        return self is other if isinstance(other, Such) else self._is_such(other)

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"<{self._what}>"


ANYTHING: Json = Such("anything", lambda value: True)
WORDS: Json = Such("words", lambda value: isinstance(value, str) and len(value) > 10)


class Rule(msgspec.Struct, Generic[E], frozen=True):
    """A deviation that is meant. E: what an exchange is.

    expect: the answer that is right for such an exchange, None when the rule says nothing of it.
    It is given the answer that the rules before it left.
    """

    name: str
    why: str
    expect: Callable[[E, Answer], Answer | None]


class Score(msgspec.Struct):
    """How many answers equal the recording, and which rules explain others."""

    file: str
    total: int = 0
    equal: int = 0
    by_rule: Counter[str] = msgspec.field(default_factory=Counter[str])
    explained: int = 0
    left_out: Counter[str] = msgspec.field(default_factory=Counter[str])
    notes: list[str] = msgspec.field(default_factory=list[str])
    differences: list[str] = msgspec.field(default_factory=list[str])

    def __str__(self) -> str:
        parts = [f"{self.file}: {self.equal}/{self.total} equal"]
        if self.explained:
            rules = ", ".join(f"{count} {name}" for name, count in sorted(self.by_rule.items()))
            parts.append(f"{self.explained} by rule ({rules})")
        parts.extend(f"{count} left out: {why}" for why, count in sorted(self.left_out.items()))
        return ", ".join([*parts, *self.notes])

    def judge(
        self,
        exchange: E,
        what: str,
        answers: tuple[Answer, Answer],
        rules: Sequence[Rule[E]],
        used: Iterable[str] = (),
    ) -> None:
        """Count an exchange. what: its name in a report. answers: recorded, and ours."""
        wanted, got = answers
        self.total += 1
        names = list(used)
        for rule in rules:
            if wanted == got:
                break
            expected = rule.expect(exchange, wanted)
            if expected is not None:
                wanted = expected
                names.append(rule.name)
        if wanted != got:
            left, right = (
                msgspec.to_builtins(each, builtin_types=(Such,)) for each in (wanted, got)
            )
            by = f" after {', '.join(names)}" if names else ""
            self.differences.append(f"{what}: {first_difference(left, right)}{by}")
        elif names:
            self.explained += 1
            self.by_rule.update(names)
        else:
            self.equal += 1
