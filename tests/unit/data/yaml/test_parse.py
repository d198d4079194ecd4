"""Text to nodes: places, types, environment variables, and everything that is refused."""

from typing import Any

import pytest

import tertulia.data.yaml.build as yaml_build
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.data.yaml import Node, YamlRules, parse


def read(text: str, **options: Any) -> tuple[Node | None, list[str]]:
    diagnostics = Diagnostics()
    node = parse(text, file="f.yml", diagnostics=diagnostics, **options)
    return node, [f"{p.code}:{p.at.line}:{p.at.column}" for p in diagnostics.problems if p.at]


def plain(text: str, **options: Any) -> Any:
    node, problems = read(text, **options)
    assert problems == []
    assert node is not None
    return node.plain()


@pytest.fixture(params=["compiled", "pure"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "pure":
        monkeypatch.delattr(yaml_build.yaml, "CSafeLoader", raising=False)
    return request.param


@pytest.mark.usefixtures("either_parser")
def test_every_value_and_key_knows_its_line_and_column():
    node, _ = read("a:\n  - x\n  - b: 5\n")
    assert node is not None
    inner = node.get("a")
    assert inner is not None
    last = inner.elements()[1]
    number = last.get("b")
    assert node.span == SourceSpan("f.yml", 1, 1)
    assert inner.elements()[0].span == SourceSpan("f.yml", 2, 5)
    assert number is not None
    assert (number.value, number.span) == (5, SourceSpan("f.yml", 3, 8))
    assert [key.span for key in last.all_keys()] == [SourceSpan("f.yml", 3, 5)]


@pytest.mark.usefixtures("either_parser")
def test_plain_and_quoted_styles_are_told_apart():
    assert plain("[yes, 'yes', \"5\", 5]") == ["yes", "yes", "5", 5]
    assert plain("a: |\n  x\n  y\nb: >-\n  x\n  y\n") == {"a": "x\ny\n", "b": "x y"}


def test_columns_count_characters_also_after_wide_ones():
    node, _ = read("[é😀, x]")
    assert node is not None
    assert node.elements()[1].span.column == 6


@pytest.mark.parametrize(
    ("written", "old", "new"),
    [
        ("yes", True, "yes"),
        ("Off", False, "Off"),
        ("true", True, True),
        ("FALSE", False, False),
        ("010", 8, 10),
        ("-010", -8, -10),
        ("0o17", "0o17", 15),
        ("0x1F", 31, 31),
        ("0b11", 3, 3),
        ("12:30", 750, "12:30"),
        ("1:30.5", 90.5, "1:30.5"),
        ("-1:30", -90, "-1:30"),
        ("1_000", 1000, 1000),
        ("0", 0, 0),
        ("08", "08", 8),
        ("1e3", "1e3", 1000.0),
        ("1.5e+3", 1500.0, 1500.0),
        (".5", 0.5, 0.5),
        ("~", None, None),
        ("Null", None, None),
        ("None", "None", "None"),
        ("2020-01-01", "2020-01-01", "2020-01-01"),
        (".inf", float("inf"), float("inf")),
        ("1.2.3", "1.2.3", "1.2.3"),
        ("+", "+", "+"),
        ("0x", "0x", "0x"),
        ("0x_", "0x_", "0x_"),
        ("9" * 5000, "9" * 5000, "9" * 5000),
        ("=", "=", "="),
        ("٣", "٣", "٣"),
    ],
)
def test_unquoted_words_are_read_by_the_rules_of_their_generation(
    written: str, old: object, new: object
):
    assert plain(f"- {written}", rules=YamlRules.V1_1) == [old]
    assert plain(f"- {written}", rules=YamlRules.V1_2) == [new]


def test_a_version_directive_overrules_the_given_rules():
    assert plain("%YAML 1.1\n---\n[no]", rules=YamlRules.V1_2) == [False]
    assert plain("%YAML 1.2\n---\n[no]", rules=YamlRules.V1_1) == ["no"]


def test_a_key_that_is_no_text_keeps_both_its_text_and_its_value():
    node, _ = read("5: a\ntrue: b\n~: c\n")
    assert node is not None
    assert [(key.text, key.plain) for key, _ in node.items()] == [
        ("5", 5),
        ("true", True),
        ("~", None),
    ]
    assert node.plain() == {"5": "a", "true": "b", "~": "c"}


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize("text", ["", "\ufeff", "# only a comment\n", "---\n", "\n\n"])
def test_an_empty_document_is_an_empty_mapping(text: str):
    assert plain(text) == {}


def test_a_written_null_stays_null():
    node, problems = read("null")
    assert node is not None
    assert node.is_null
    assert problems == []


ENV = {"A": "aval", "N": "5005", "T": "true", "E": ""}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${A}", "aval"),
        ("pre${A}post", "preavalpost"),
        ("http://h:${N}/p?x=${A}", "http://h:5005/p?x=aval"),
        ("${N}", "5005"),
        ("${T}", "true"),
        ("${E}", ""),
        ("${X:-fallback}", "fallback"),
        ("${E:-fallback}", "fallback"),
        ("${A:-fallback}", "aval"),
        ("$A", "$A"),
        ("$${A}", "$aval"),
        ('"${A}"', "${A}"),
        ("'${A}'", "${A}"),
        ("|\n  ${A}\n", "${A}\n"),
    ],
)
def test_variables_are_expanded_in_unquoted_values_only(written: str, expected: str):
    assert plain(f"k: {written}", env=ENV) == {"k": expected}


def test_variables_are_expanded_in_keys():
    assert plain("${A}: 1", env=ENV) == {"aval": 1}


def test_without_an_environment_nothing_is_expanded():
    assert plain("k: ${A}") == {"k": "${A}"}


def test_a_missing_variable_is_an_error_that_names_it_and_its_line():
    diagnostics = Diagnostics()
    parse("a: 1\nb: pre${GONE}\n", file="f.yml", env={}, diagnostics=diagnostics)
    [problem] = diagnostics.errors
    assert problem.code == "T116"
    assert "GONE" in problem.message
    assert problem.at == SourceSpan("f.yml", 2, 4)


def test_a_key_twice_is_an_error_that_names_both_lines_and_the_first_counts():
    diagnostics = Diagnostics()
    node = parse("a: 1\nb: 2\na: 3\n", file="f.yml", diagnostics=diagnostics)
    [problem] = diagnostics.errors
    assert problem.at == SourceSpan("f.yml", 3, 1)
    assert "line 1" in problem.message
    assert "line 3" in problem.message
    assert node is not None
    assert node.plain() == {"a": 1, "b": 2}


def test_anchors_aliases_and_merge_keys_are_followed():
    text = "a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\nc: *a\nd: {<<: [*a, {z: 4}]}\n"
    assert plain(text) == {
        "a": {"x": 1, "y": 2},
        "b": {"y": 3, "x": 1},
        "c": {"x": 1, "y": 2},
        "d": {"x": 1, "y": 2, "z": 4},
    }


def test_a_quoted_merge_sign_is_an_ordinary_key():
    assert plain("'<<': 1") == {"<<": 1}


def test_standard_tags_are_honoured():
    text = "[!!str 5, !!int '7', !!float 3, !!bool 'true', !!null '', ! x]"
    assert plain(text) == ["5", 7, 3.0, True, None, "x"]
    assert isinstance(plain("!!float 3"), float)


@pytest.mark.usefixtures("either_parser")
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [1\nb: 2", "T110:2:2"),
        ("a:\n\tb: 1", "T110:2:1"),
        ("a: b: c", "T110:1:5"),
        ('"open', "T110:1:6"),
        ("a: 1\nb: \x01", "T110:2:4"),
        ("a: \ud800", "T110:1:4"),
        ("a: ${X}\n---\nb: 2\n", "T117:2:1"),
        ("a: !!python/object:os.x {}", "T118:1:4"),
        ("a: !own x", "T118:1:4"),
        ("a: !!int x", "T118:1:4"),
        ("a: !!float true", "T118:1:4"),
        ("- !!set {a}", "T118:1:3"),
        ("a: *nowhere", "T119:1:4"),
        ("a: &a [*a]", "T119:1:8"),
        ("? [a]\n: b", "T121:1:3"),
        ("<<: 5", "T122:1:5"),
    ],
)
def test_what_cannot_be_used_is_noted_at_its_place(text: str, problem: str):
    _, problems = read(text)
    assert len(problems) == 1
    # The two parsers may name neighbouring columns of a syntax error.
    assert problems[0].rsplit(":", 1)[0] == problem.rsplit(":", 1)[0]


@pytest.mark.parametrize("text", ["[" * 5000, "- " * 5000, "a: [1"])
def test_an_unreadable_text_gives_no_tree(text: str):
    node, problems = read(text)
    assert node is None
    assert problems != []


def test_only_the_first_of_several_documents_is_used():
    node, _ = read("a: 1\n---\nb: 2\n")
    assert node is not None
    assert node.plain() == {"a": 1}


def test_aliases_that_multiply_are_refused_before_they_fill_the_memory():
    lines = ["a0: &a0 [x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    node, problems = read("\n".join(lines))
    assert node is None
    assert problems[0].startswith("T119")


def test_aliases_that_nest_are_refused_before_they_fill_the_stack():
    lines = ["- &a0 [x]", *(f"- &a{n} [*a{n - 1}]" for n in range(1, 500))]
    node, problems = read("\n".join(lines))
    assert node is None
    assert problems[0].startswith("T119")


def test_many_aliases_of_a_small_value_are_fine():
    text = "- &a {x: 1}\n" + "- *a\n" * 2000
    assert plain(text)[-1] == {"x": 1}


def test_depth_of_a_hundred_levels_is_the_limit():
    assert read("[" * 100 + "]" * 100)[1] == []
    assert read("[" * 101 + "]" * 101)[1] == ["T120:1:101"]


def test_a_node_tells_its_kind():
    node, _ = read("{m: {}, l: [], s: x, n: ~, i: 1, b: true}")
    assert node is not None
    kinds = {key.text: value.kind for key, value in node.items()}
    assert kinds == {
        "m": "a mapping",
        "l": "a list",
        "s": "text",
        "n": "nothing",
        "i": "a number",
        "b": "true or false",
    }
    flags = {
        key.text: (one.is_map, one.is_list, one.is_scalar, one.is_null) for key, one in node.items()
    }
    assert flags["m"] == (True, False, False, False)
    assert flags["l"] == (False, True, False, False)
    assert flags["n"] == (False, False, True, True)


def test_asking_a_node_for_what_it_is_not_gives_nothing():
    node, _ = read("[1]")
    assert node is not None
    assert node.get("a") is None
    assert node.key("a") is None
    assert list(node.items()) == []
    assert list(node.elements()[0].elements()) == []
