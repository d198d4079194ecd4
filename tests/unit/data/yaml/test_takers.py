"""Elements of large lists are handed over one by one, and nothing else changes."""

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import Node, parse


def handed_over(text: str) -> tuple[list[object], object, list[str]]:
    """Return what was handed over of the section `a`, what is left, and the codes of problems."""
    taken: list[Node] = []
    diagnostics = Diagnostics()
    root = parse(text, file="f.yml", diagnostics=diagnostics, takers={"a": taken.append})
    left = None if root is None else root.plain()
    return [node.plain() for node in taken], left, [one.code for one in diagnostics.problems]


def test_the_elements_of_the_list_are_no_longer_in_the_tree():
    assert handed_over("a: [1, {b: 2}]\nc: [3]\n") == ([1, {"b": 2}], {"a": [], "c": [3]}, [])


def test_elements_keep_their_places():
    taken: list[Node] = []
    parse("a:\n- x\n- y\n", file="f", diagnostics=Diagnostics(), takers={"a": taken.append})
    assert [str(node.span) for node in taken] == ["f:2:3", "f:3:3"]


def test_an_alias_stands_for_its_anchor():
    assert handed_over("b: &x [1]\na: [*x, *x]\n")[0] == [[1], [1]]


def test_an_anchor_inside_an_element_is_found_later():
    assert handed_over("a: [&x {b: 1}]\nc: *x\n")[1] == {"a": [], "c": {"b": 1}}


def test_a_list_that_is_used_again_stays_whole():
    assert handed_over("a: &all [1, 2]\nc: *all\n") == ([], {"a": [1, 2], "c": [1, 2]}, [])


def test_a_list_that_an_alias_stands_for_stays_whole():
    assert handed_over("b: &all [1]\na: *all\n") == ([], {"b": [1], "a": [1]}, [])


def test_a_list_of_this_name_deeper_in_the_file_stays_whole():
    assert handed_over("b: {a: [1]}\n") == ([], {"b": {"a": [1]}}, [])


def test_the_second_list_of_the_same_name_is_a_problem_and_is_not_handed_over():
    taken, left, codes = handed_over("a: [1]\na: [2]\n")
    assert (taken, left, codes) == ([1], {"a": []}, ["T115"])


def test_what_is_no_list_stays():
    assert handed_over("a: text\n") == ([], {"a": "text"}, [])
