"""YAML: what is written reads back the same, and no text at all is a crash."""

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import YamlRules, convert, dump, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    alphabet="ab \n-:#'\"[]{}|>&*!%@`,?~0123456789.eyno\t/$_", max_size=12
)
SCALARS = TEXT | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@given(DATA, st.sampled_from(YamlRules))
def test_dumped_data_reads_back_the_same_under_both_rules(data: Any, rules: YamlRules):
    diagnostics = Diagnostics()
    node = parse(dump(data), file="f", rules=rules, env={}, diagnostics=diagnostics)
    assert diagnostics.problems == []
    assert node is not None
    assert node.plain() == data


@given(
    st.text(max_size=60) | st.text(alphabet="a:- \n[]{},&*!|>'\"#%?<~${}\t0x1_.", max_size=60),
    st.sampled_from(YamlRules),
)
def test_any_text_is_read_or_refused_with_a_problem(text: str, rules: YamlRules):
    diagnostics = Diagnostics()
    node = parse(text, file="f", rules=rules, env={}, diagnostics=diagnostics)
    if node is None:
        assert diagnostics.errors != []
    else:
        node.plain()


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    a: int
    b: list[str] = []


class Outer(msgspec.Struct, forbid_unknown_fields=True):
    a: Inner | None = None
    b: dict[str, Inner] = {}
    c: int | str = 0


@given(
    st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3)
        ),
        max_leaves=10,
    )
)
def test_any_tree_converts_or_is_refused_with_a_placed_problem(data: Any):
    diagnostics = Diagnostics()
    node = parse(dump(data), file="f", diagnostics=diagnostics)
    assert node is not None
    if convert(node, Outer, diagnostics=diagnostics) is None:
        assert diagnostics.errors != []
        assert all(problem.at is not None and problem.at.line for problem in diagnostics.errors)
    else:
        assert diagnostics.problems == []
