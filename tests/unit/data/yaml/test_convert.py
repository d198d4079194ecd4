"""Nodes to typed objects: all faults, each at the place of the wrong value."""

from typing import Annotated, Any, Literal

import msgspec
import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import convert, parse


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    max_history: int
    name: str = "x"
    rate: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5


class Whole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    policies: list[Part] = []
    named: dict[str, Part] | None = None
    mode: Literal["a", "b"] = "a"
    pair: tuple[int, str] | None = None
    inner: Part | None = None


def faults(text: str, kind: Any = Whole, **options: Any) -> list[str]:
    diagnostics = Diagnostics()
    node = parse(text, file="f", diagnostics=diagnostics)
    assert node is not None
    assert convert(node, kind, diagnostics=diagnostics, **options) is None
    return [str(problem) for problem in diagnostics.problems]


def test_a_fitting_node_becomes_the_object():
    diagnostics = Diagnostics()
    node = parse("policies: [{max_history: 2, rate: 1}]", file="f", diagnostics=diagnostics)
    assert node is not None
    assert convert(node, Whole, diagnostics=diagnostics) == Whole(policies=[Part(2, rate=1.0)])
    assert diagnostics.problems == []


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (
            "policies:\n- max_history: five",
            "f:2:16: T112: 'max_history' must be a whole number, got \"five\"",
        ),
        ("inner: {max_history: 1, name: 2}", "f:1:31: T112: 'name' must be text, got a number"),
        (
            "inner:\n  max_histroy: 1\n  max_history: 2",
            "f:2:3: T112: there is no setting 'max_histroy' in 'inner'. "
            "Did you mean 'max_history'?",
        ),
        ("inner: {name: x}", "f:1:8: T112: the setting 'max_history' is missing in 'inner'"),
        (
            "named:\n  k:\n    max_history: []",
            "f:3:18: T112: 'max_history' must be a whole number, got a list",
        ),
        ("inner: {max_history: 1, rate: 2}", "f:1:31: T112: 'rate': expected `float` <= 1.0"),
        ("mode: c", "f:1:7: T112: 'mode': invalid enum value 'c'"),
        ("pair: [1, 2]", "f:1:11: T112: 'pair' must be text, got a number"),
        ("pair: [1]", "f:1:7: T112: 'pair': expected `array` of length 2"),
        ("policies: 5", "f:1:11: T112: 'policies' must be a list, got a number"),
        ("inner: [1]", "f:1:8: T112: 'inner' must be a mapping or nothing, got a list"),
        ("[1]", "f:1:1: T112: this must be a mapping, got a list"),
    ],
)
def test_a_fault_is_named_at_its_place(text: str, start: str):
    [found] = faults(text)
    assert found.startswith(start)


def test_all_faults_of_a_file_are_found_at_once():
    text = "policies:\n- {max_history: a}\n- {}\n- {max_history: 1, nam: y}\nmode: 5\nextra: 1\n"
    assert [one.split(": ")[0] for one in faults(text)] == [
        "f:2:17",
        "f:3:3",
        "f:4:20",
        "f:5:7",
        "f:6:1",
    ]


def test_a_value_expected_to_be_text_is_not_repeated_as_it_may_be_a_secret():
    [found] = faults("name: 12345\nmax_history: 1", Part)
    assert "12345" not in found
    assert "quotes" in found


def test_numbers_written_as_text_pass_when_asked_for():
    diagnostics = Diagnostics()
    node = parse("max_history: '5'", file="f", diagnostics=diagnostics)
    assert node is not None
    assert convert(node, Part, diagnostics=diagnostics, strict=False) == Part(5)


def test_types_of_our_own_are_decoded_by_the_hook():
    class Shout:
        def __init__(self, text: str) -> None:
            self.text = text

    class Holder(msgspec.Struct):
        word: Shout

    def hook(kind: type, value: Any) -> Any:
        if not isinstance(value, str):
            raise TypeError("a word must be text")
        return kind(value.upper())

    diagnostics = Diagnostics()
    node = parse("word: hey", file="f", diagnostics=diagnostics)
    assert node is not None
    held = convert(node, Holder, diagnostics=diagnostics, dec_hook=hook)
    assert held is not None
    assert held.word.text == "HEY"
    [found] = faults("word: 5", Holder, dec_hook=hook)
    assert found.startswith("f:1:7: T112: 'word'")


def test_the_code_of_the_problems_is_the_callers():
    [found] = faults("mode: c", code="T199")
    assert found.startswith("f:1:7: T199:")
