from tests.unit.data.stories.reading import read_text

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.stories.build import build_steps
from tertulia.data.stories.graph import StoryGraph, build_graph, check_checkpoints
from tertulia.data.stories.model import STORY_START, StoryStep


def steps(text: str) -> list[StoryStep]:
    data, _ = read_text(text, file="s.md")
    return list(build_steps(data.stories))


def order(graph: StoryGraph) -> list[str]:
    return [step.block_name for step in graph.steps]


def problems(text: str) -> list[tuple[str, str]]:
    diagnostics = Diagnostics()
    check_checkpoints(steps(text), diagnostics=diagnostics)
    return [(p.code, str(p.at)) for p in diagnostics.problems]


def test_steps_come_after_those_that_lead_to_them_and_else_in_file_order():
    text = "## c\n> two\n* a\n## a\n* a\n> one\n## b\n> one\n* a\n> two\n## d\n* a"
    assert order(build_graph(steps(text))) == ["a", "b", "c", "d"]


def test_a_graph_without_cycles_is_left_as_it_is():
    graph = build_graph(steps("## a\n* a\n> c\n## b\n> c\n* b"))
    assert graph.reenter == {}
    assert all("GENR" not in c.name for s in graph.steps for c in s.start_checkpoints)


def test_a_loop_on_itself_gets_a_sink_and_a_source():
    graph = build_graph(steps("## a\n* a\n> c\n## b\n> c\n* b\n> c\n## d\n> c\n* d"))
    ((sink, source),) = graph.reenter.items()
    a, b, d = graph.steps
    assert [c.name for c in a.end_checkpoints] == ["c"]
    assert sink in [c.name for c in b.end_checkpoints]
    assert [c.name for c in b.start_checkpoints] == ["c", source]
    connector = d.start_checkpoints[1].name
    assert connector in [c.name for c in b.end_checkpoints]
    assert "c" not in [c.name for c in b.end_checkpoints]


def test_conditions_stay_on_the_checkpoints_that_replace_one():
    graph = build_graph(steps('## a\n* a\n> c\n## b\n> c{"x": 1}\n* b\n> c'))
    assert [c.conditions for c in graph.steps[1].start_checkpoints] == [{"x": 1}, {"x": 1}]


def test_long_chains_need_no_recursion():
    count = 3000
    text = "## s0\n* a\n> c0\n" + "".join(
        f"## s{i + 1}\n> c{i}\n* a\n> c{i + 1}\n" for i in range(count)
    )
    graph = build_graph(steps(text))
    assert order(graph) == [f"s{i}" for i in range(count + 1)]


def test_one_sided_checkpoints_are_reported_at_their_place():
    text = "## a\n* a\n> only_end\n## b\n> only_start\n* b"
    assert problems(text) == [("T324", "s.md:3:1"), ("T323", "s.md:5:1")]


def test_alternatives_are_no_one_sided_checkpoints():
    assert problems("## a\n* a OR b\n- x") == []


def test_stories_that_all_start_with_checkpoints_are_reported():
    assert ("T325", "s.md:3:1") in problems("## a\n> c\n* a\n> c")


def test_a_cycle_that_nothing_leads_to_is_reported():
    text = "## a\n* a\n## b\n> c\n* a\n> d\n## e\n> d\n* a\n> c"
    assert [code for code, _ in problems(text)] == ["T325", "T325"]


def test_every_story_starts_somewhere():
    assert all(s.start_checkpoints for s in build_graph(steps("## a\n> c\n* a\n> c")).steps)
    assert steps("## a\n* a")[0].start_checkpoints[0].name == STORY_START
