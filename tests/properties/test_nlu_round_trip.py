"""NLU data: every format gives back what was written, and no text at all is a crash."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.base.source import SourceSpan
from tertulia.data.nlu import (
    Entity,
    Example,
    Lookup,
    NluData,
    Regex,
    Synonym,
    Synonyms,
    annotate,
    check_nlu,
    read_annotations,
    read_nlu_text,
    write_json,
    write_markdown,
    write_yaml,
)

AT = SourceSpan("f", 1)
LINE = (
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=15)
    .map(str.strip)
    .filter(bool)
)
WORDS = st.text("abcdé 1-:#'\"?!", min_size=1, max_size=12).map(str.strip).filter(bool)
NAME = st.text("abcdefg_é", min_size=1, max_size=6)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    text = draw(WORDS)
    label = draw(NAME)
    key = draw(st.none() | NAME)
    entities: list[Entity] = []
    if draw(st.booleans()):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        value = draw(st.just(text[start:end]) | LINE | st.integers(-9, 9))
        role, group = draw(st.none() | LINE), draw(st.none() | LINE)
        entities.append(
            Entity(start=start, end=end, entity=draw(LINE), value=value, role=role, group=group)
        )
    return Example(
        text=text,
        intent=label,
        response_key=f"{label}/{key}" if key else None,
        entities=tuple(entities),
        span=AT,
    )


@st.composite
def nlu_data(draw: st.DrawFn) -> NluData:
    synonyms = draw(st.dictionaries(LINE, LINE, max_size=3))
    lookups = draw(st.dictionaries(LINE, st.lists(LINE, min_size=1, max_size=3), max_size=2))
    return NluData(
        examples=tuple(draw(st.lists(examples(), max_size=5))),
        synonyms=Synonyms(Synonym(text, value, AT) for text, value in synonyms.items()),
        regexes=tuple(Regex(draw(LINE), draw(LINE), AT) for _ in range(draw(st.integers(0, 3)))),
        lookups=tuple(Lookup(name, tuple(words), AT) for name, words in lookups.items()),
    )


def essence(data: NluData) -> Any:
    """All that a round trip keeps: not the places, not the order of groups."""
    return (
        sorted((one.text, one.label or "", repr(one.entities)) for one in data.examples),
        sorted((one.name, one.pattern) for one in data.regexes),
        data.lookup_tables,
    )


@pytest.mark.parametrize(
    ("write", "file"), [(write_yaml, "f.yml"), (write_markdown, "f.md"), (write_json, "f.json")]
)
@given(data=nlu_data())
def test_written_data_reads_back_the_same(
    write: Callable[[NluData], str], file: str, data: NluData
):
    try:
        text = write(data)
    except DataError as refused:
        assert (refused.code, write is write_json) == ("T358", False)  # noqa: PT017 - both ends are right
        return
    diagnostics = Diagnostics()
    back = read_nlu_text(text, file=file, diagnostics=diagnostics)
    assert diagnostics.problems == []
    assert essence(back) == essence(data)
    assert data.synonyms.items() <= back.synonyms.items()


@given(st.text("ab ", min_size=3, max_size=12), st.data())
def test_annotations_give_back_text_and_entities(text: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    entity = Entity(
        start=start,
        end=end,
        entity=data.draw(LINE),
        value=data.draw(LINE | st.integers()),
        role=data.draw(st.none() | LINE),
    )
    read = read_annotations(annotate(text, [entity]))
    assert (read.text, read.entities) == (text, (entity,))


NOISE = st.lists(
    st.sampled_from(
        [
            "## intent:a",
            "## lookup:b",
            "- x",
            "* a/b",
            "[x](y)",
            "[x]{",
            '{"rasa_nlu_data":',
            "\n",
            "nlu:\n",
            "- intent: a\n",
            "  examples: |\n",
            "    - y\n",
            "responses:",
            "<!--",
            "}",
            ":",
        ]
    )
    | st.text(max_size=5),
    max_size=12,
).map("".join)


@given(NOISE, st.sampled_from(["f.yml", "f.md", "f.json", "f"]))
def test_any_text_is_read_or_refused_with_a_problem(text: str, file: str):
    diagnostics = Diagnostics()
    data = read_nlu_text(text, file=file, must_fit=True, diagnostics=diagnostics)
    check_nlu(data, diagnostics)
    assert all(problem.at is not None for problem in diagnostics.problems)
