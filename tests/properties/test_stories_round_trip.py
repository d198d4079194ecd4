from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.events import ActionExecuted, Event
from tertulia.data.stories.dump import Dialogue, dump_markdown, dump_yaml
from tertulia.data.stories.markdown import Kind, read_markdown
from tertulia.data.stories.model import Story
from tertulia.data.stories.read import read_stories_text
from tertulia.data.stories.write_markdown import write_markdown
from tertulia.data.stories.write_yaml import write_yaml
from tests.properties.story_strategies import (
    MARKDOWN_STORIES,
    NAMES,
    WORDS,
    YAML_RULES,
    YAML_STORIES,
    utterance,
)


def read_back(text: str, file: str, kind: Kind = "train") -> tuple[list[Story], Diagnostics]:
    diagnostics = Diagnostics()
    data = read_stories_text(text, file=file, domain=None, kind=kind, diagnostics=diagnostics)
    return [story.without_places() for story in (*data.stories, *data.rules)], diagnostics


@given(st.lists(YAML_STORIES, min_size=1, max_size=3), st.lists(YAML_RULES, max_size=3))
def test_yaml_stories_and_rules_are_read_as_they_were_written(
    stories: list[Story], rules: list[Story]
):
    back, diagnostics = read_back(write_yaml([*stories, *rules]), "s.yml")
    assert diagnostics.errors == []
    assert back == [*stories, *rules]


@given(st.lists(MARKDOWN_STORIES, min_size=1, max_size=3))
def test_markdown_stories_are_read_as_they_were_written(stories: list[Story]):
    diagnostics = Diagnostics()
    back = read_markdown(write_markdown(stories), file="s.md", diagnostics=diagnostics)
    assert diagnostics.errors == []
    assert [story.without_places() for story in back] == stories


@given(st.text())
def test_no_text_breaks_the_markdown_reader(text: str):
    for kind in ("train", "test"):
        diagnostics = Diagnostics()
        read_markdown(text, file="s.md", kind=kind, diagnostics=diagnostics)
        assert all(problem.at for problem in diagnostics.problems)


_LINES = st.sampled_from(
    ["## s", "* ", "- ", "> ", "slot", "form", '{"a": 1}', "{", "}", " OR ", "`x`", ": ", "[a](b)"]
)


@given(st.lists(st.lists(_LINES, max_size=4).map("".join), max_size=8).map("\n".join))
def test_no_mixture_of_story_parts_breaks_the_markdown_reader(text: str):
    for kind in ("train", "test"):
        diagnostics = Diagnostics()
        read_markdown(text, file="s.md", kind=kind, diagnostics=diagnostics)
        assert all(problem.at and problem.at.line for problem in diagnostics.problems)


_KEYS = st.sampled_from(
    ["intent", "user", "entities", "or", "action", "bot", "checkpoint", "slot_was_set",
     "active_loop", "metadata", "role", "story", "steps", "rule", "condition"]
)  # fmt: skip
_YAML = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "a/b", "/a", "[a](b)", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["stories", "rules"]), st.lists(_YAML, max_size=3) | _YAML))
def test_no_tree_breaks_the_yaml_reader(tree: dict[str, object]):
    from tertulia.data.yaml import dump

    _, diagnostics = read_back(dump(tree), "s.yml")
    assert all(problem.at and problem.at.line for problem in diagnostics.problems)


@given(st.lists(st.one_of(
    st.builds(lambda n, t: utterance(n, [{"entity": "e", "value": t, "start": 0, "end": 3}]),
              NAMES, WORDS),
    st.builds(lambda n: ActionExecuted(name=n), NAMES),
), max_size=5))  # fmt: skip
def test_no_conversation_breaks_a_dump(events: list[Event]):
    assert dump_markdown(Dialogue("d", events)).startswith("## d\n")
    _, diagnostics = read_back(dump_yaml([Dialogue("d", events)]), "test_d.yml", "test")
    assert diagnostics.errors == []
