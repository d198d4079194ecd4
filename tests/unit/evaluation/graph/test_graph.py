"""Stories as a graph: what is merged, where it stands, and the page."""

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evaluation.test_page import Balance

from tertulia.core.events import ActionExecuted, UserUttered
from tertulia.evaluation.graph.build import Graph, Kind, Node, Step, build, steps_of
from tertulia.evaluation.graph.draw import graph_page
from tertulia.evaluation.graph.layout import GAP, lay_out


def steps(words: str) -> list[Step]:
    """Return steps: `?x` is a message, any other word an action."""
    return [
        Step(Kind.MESSAGE, word[1:]) if word.startswith("?") else Step(Kind.ACTION, word)
        for word in words.split()
    ]


def graph(*stories: str, max_history: int = 2) -> Graph:
    told = [(f"story {number}", steps(words)) for number, words in enumerate(stories)]
    return build(told, max_history=max_history)


def labels(found: Graph) -> list[str]:
    return sorted(node.label for node in found.nodes)


def test_common_beginnings_and_ends_are_drawn_once() -> None:
    found = graph("?hi greet ?a x bye", "?hi greet ?b y bye")
    assert labels(found) == ["END", "START", "a", "b", "bye", "greet", "hi", "x", "y"]


def test_steps_of_one_name_that_go_on_differently_are_kept_apart() -> None:
    found = graph("?a ask ?yes one", "?b ask ?no two")
    assert labels(found).count("ask") == 2


def test_what_is_merged_depends_on_how_far_one_looks_ahead() -> None:
    stories = ("?a x ?c y ?d one", "?b x ?c y ?e two")
    assert labels(graph(*stories, max_history=1)).count("x") == 1
    assert labels(graph(*stories, max_history=2)).count("x") == 2


def test_a_node_knows_its_stories() -> None:
    found = graph("?hi greet", "?hi bye")
    stories = {node.label: node.stories for node in found.nodes}
    assert stories["hi"] == ("story 0", "story 1")
    assert stories["bye"] == ("story 1",)


def test_listening_is_not_drawn_and_messages_show_their_entities() -> None:
    message = UserUttered(
        text=None,
        parse_data={"intent": {"name": "book"}, "entities": [{"entity": "city", "value": "rome"}]},
    )
    events = [ActionExecuted(name="action_listen"), message, ActionExecuted(name="utter_ok")]
    assert [one.label for one in steps_of(events)] == ["book (city: rome)", "utter_ok"]
    assert steps_of(events, {"book": "a trip"})[0].label == "a trip"


_WORDS = st.lists(st.sampled_from(["?a", "?b", "x", "y", "z"]), max_size=8).map(" ".join)


@given(st.lists(_WORDS, min_size=1, max_size=6), st.integers(1, 3))
def test_every_story_is_a_way_from_start_to_end(stories: list[str], ahead: int) -> None:
    found = graph(*stories, max_history=ahead)
    for words in stories:
        here = {0}
        for step in [*steps(words), Step(Kind.END, "END")]:
            here = {
                target
                for source, target in found.edges
                if source in here
                and (found.nodes[target].kind, found.nodes[target].label) == (step.kind, step.label)
            }
        assert here


@given(
    st.integers(1, 12).flatmap(
        lambda count: st.tuples(
            st.lists(st.floats(10, 200), min_size=count, max_size=count),
            st.lists(
                st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)),
                max_size=20,
                unique=True,
            ),
        )
    )
)
def test_nodes_never_overlap_whatever_the_edges(
    case: tuple[list[float], list[tuple[int, int]]],
) -> None:
    widths, edges = case
    found = lay_out(widths, edges)
    for a, (x, y) in enumerate(found.places):
        assert x + 0.01 >= GAP
        assert x + widths[a] / 2 <= found.width
        for b in range(a):
            other_x, other_y = found.places[b]
            if y == other_y:
                assert abs(x - other_x) >= (widths[a] + widths[b]) / 2
    assert set(found.routes) == set(edges)
    for (source, target), points in found.routes.items():
        assert points[0] == found.places[source]
        assert points[-1] == found.places[target]


def test_edges_lead_downwards_unless_they_close_a_circle() -> None:
    found = lay_out([50, 50, 50], [(0, 1), (1, 2), (2, 1)])
    heights = [y for _, y in found.places]
    assert heights[0] < heights[1] < heights[2]


def test_the_page_is_whole_escaped_and_needs_no_network() -> None:
    evil = "<script>&"
    drawn = Graph(
        nodes=[Node(Kind.START, "START", (evil,)), Node(Kind.ACTION, evil * 9, (evil,))],
        edges=[(0, 1), (1, 1)],
    )
    text = graph_page(drawn, title=evil, about=evil)
    assert "<script" not in text
    assert (Balance(text).open, Balance(text).wrong, Balance(text).addresses) == ([], [], [])
    assert "default-src 'none'" in text
