"""Checks over all NLU data together."""

import pytest

from tertulia.base.diagnostics import Diagnostics, Severity
from tertulia.base.source import SourceSpan
from tertulia.data.nlu import Entity, Example, NluData, check_nlu, read_nlu_text

ENOUGH = "## intent:a\n- one\n- two\n"


def check(text: str) -> list[str]:
    diagnostics = Diagnostics()
    data = read_nlu_text(text, file="nlu.md", diagnostics=diagnostics)
    assert diagnostics.problems == []
    check_nlu(data, diagnostics)
    return [f"{p.code}:{p.at.line}:{p.severity.name}" for p in diagnostics.problems if p.at]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", []),
        ("## intent:b\n- x\n", ["T350:5:WARNING"]),
        ("- in [Rome](city)\n", ["T351:4:WARNING"]),
        ("## intent:b\n- one\n- x\n", ["T352:5:WARNING"]),
        ("## regex:r\n- [0-9\n", ["T353:5:ERROR"]),
        ("## intent:faq/n\n- x\n- y\n", ["T354:5:WARNING"]),
        ("## synonym:A\n- x\n## synonym:B\n- x\n", ["T355:7:WARNING"]),
        ("## synonym:A\n- x\n## synonym:A\n- x\n", []),
    ],
)
def test_what_would_train_badly_is_noted(more: str, expected: list[str]):
    assert check(ENOUGH + more) == expected


def test_a_retrieval_intent_with_its_response_is_fine():
    diagnostics = Diagnostics()
    data = read_nlu_text(
        "nlu:\n- intent: faq/n\n  examples: |\n    - x\n    - y\n"
        "responses:\n  utter_faq/n:\n  - text: z\n",
        file="nlu.yml",
        diagnostics=diagnostics,
    )
    check_nlu(data, diagnostics)
    assert diagnostics.problems == []


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 2), (1, 3)], ["T356"]),
        ([(0, 2), (0, 2)], []),
        ([(0, 2), (2, 3)], []),
        ([(0, 9)], ["T357"]),
        ([(-1, 2)], ["T357"]),
        ([(2, 2)], ["T357"]),
    ],
)
def test_entities_must_lie_beside_each_other_in_the_text(
    spans: list[tuple[int, int]], expected: list[str]
):
    entities = tuple(Entity(start=a, end=b, entity="e", value="v") for a, b in spans)
    example = Example(text="abc", entities=entities, span=SourceSpan("f", 1))
    diagnostics = Diagnostics()
    check_nlu(NluData(examples=(example, example)), diagnostics)
    assert [problem.code for problem in diagnostics.problems] == expected


def test_an_empty_intent_name_is_noted():
    example = Example(text="abc", intent=" ", span=SourceSpan("f", 1))
    diagnostics = Diagnostics()
    check_nlu(NluData(examples=(example,)), diagnostics)
    assert [(one.code, one.severity) for one in diagnostics.problems] == [
        ("T336", Severity.WARNING)
    ]
