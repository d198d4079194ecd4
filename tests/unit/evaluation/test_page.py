"""The page of results: whole, escaped, and without anything from elsewhere."""

import re
from html.parser import HTMLParser

import msgspec
import pytest

from tertulia.evaluation.charts import Comparison, ConfusionMatrix, Curve, Histogram, readable
from tertulia.evaluation.nlu.pages import annotated
from tertulia.evaluation.page import Section, chart, folded, page, report_table, table, tag, ticks

_VOID = {"meta", "br", "link", "img", "input"}


class Balance(HTMLParser):
    """Notes elements that are not closed, and addresses."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


EVIL = "<script>alert(1)</script>\"'&"
MATRIX = ConfusionMatrix(title=EVIL, labels=["a", EVIL], counts=[[3, 1], [0, 0]])
HISTOGRAM = Histogram(title="sure", right=[1.0, 0.99, 0.4], wrong=[0.0])
COMPARISON = Comparison(
    title="c",
    x_label="x",
    y_label="y",
    places=[1, 2],
    curves=[Curve(name="n", means=[0.5, 0.75], deviations=[0.0, 0.1])],
)


def whole() -> str:
    blocks = [chart(MATRIX), chart(HISTOGRAM), chart(COMPARISON), table(("a", "b"), [(EVIL, "x")])]
    section = Section(title=EVIL, facts={EVIL: EVIL}, blocks=[*blocks, folded(EVIL, EVIL)])
    return page(EVIL, [section, section], about=EVIL)


def test_every_element_is_closed() -> None:
    found = Balance(whole())
    assert (found.open, found.wrong) == ([], [])


def test_what_people_wrote_is_never_markup() -> None:
    assert "<script" not in whole()
    assert 'title="a taken for &lt;script' in whole()


def test_nothing_is_fetched_from_elsewhere() -> None:
    text = whole()
    assert all(address.startswith("#") for address in Balance(text).addresses)
    assert re.findall(r"https?:|url\(|@import", text) == []
    assert "default-src 'none'" in text


def test_labels_with_the_lowest_f1_come_first() -> None:
    row = {"precision": 0.5, "recall": 0.5, "support": 2}
    report = {
        "good": row | {"f1-score": 0.9},
        "bad": row | {"f1-score": 0.1, "confused_with": {"good": 2}},
        "accuracy": 0.5,
        "weighted avg": row | {"f1-score": 0.5},
    }
    text = report_table(report)
    assert text.index("bad") < text.index("0.900") < text.index("weighted avg")
    assert "good (2)" in text


def test_histogram_bars_are_as_high_as_their_counts() -> None:
    text = chart(HISTOGRAM)
    assert "0.95 to 1.00: 2 right, 0 wrong" in text
    assert "0.00 to 0.05: 0 right, 1 wrong" in text
    assert "the highest bar is 2" in text


def test_a_histogram_gives_each_half_the_room_that_its_highest_bar_needs() -> None:
    assert text_of(right=[1.0, 0.99], wrong=[0.0]).count("grid-template-rows:2fr 1fr") == 20
    assert "grid-template-rows:1fr 0fr" in text_of(right=[1.0], wrong=[])
    assert "there are none" in text_of(right=[], wrong=[])


def text_of(*, right: list[float], wrong: list[float]) -> str:
    return chart(Histogram(title="sure", right=right, wrong=wrong))


def test_a_large_matrix_shows_the_labels_that_are_confused_most() -> None:
    size = 60
    counts = [[int(i == j) for j in range(size)] for i in range(size)]
    counts[59][58] = 5
    found = readable(
        ConfusionMatrix(title="t", labels=[f"l{i:02}" for i in range(size)], counts=counts)
    )
    assert "of 60 labels" in found.title
    assert found.labels[-2:] == ["l58", "l59"]
    assert found.counts[-1][-2] == 5


def test_entities_are_marked_in_their_text() -> None:
    text = annotated("to <rome>", [{"start": 3, "end": 9, "entity": "city", "role": "to"}])
    assert text == (
        '<span>to </span><mark>&lt;rome&gt; <span class="label">city.to</span></mark><span></span>'
    )


def test_entities_that_overlap_are_named_behind_the_text() -> None:
    first = {"start": 0, "end": 4, "entity": "a"}
    text = annotated("rome", [first, first | {"entity": "b"}])
    assert text.endswith('<span class="label"> b</span>')


def test_attributes_are_escaped() -> None:
    assert tag("a", "x", href='"') == '<a href="&quot;">x</a>'


def test_a_comparison_is_drawn_with_a_legend_that_tells_its_lines_apart() -> None:
    other = Curve(name=EVIL, means=[0.25, 0.5], deviations=[0.0, 0.0])
    text = chart(msgspec.structs.replace(COMPARISON, curves=[*COMPARISON.curves, other]))
    lines = re.findall(r'<g class="(c\d)"><polyline points="([^"]*)"', text)
    drawn, legend = lines[:2], lines[2:]
    assert [kind for kind, _ in drawn] == [kind for kind, _ in legend] == ["c0", "c1"]
    heights = [[float(point.split(",")[1]) for point in line.split()] for _, line in drawn]
    assert heights[0][0] > heights[0][1], "a larger value stands higher"
    assert heights[1][1] == heights[0][0], "equal values stand equally high"
    assert "0.750 ± 0.100" in text


def test_one_amount_of_data_makes_no_curve() -> None:
    curve = Curve(name="n", means=[0.5], deviations=[0.0])
    text = chart(msgspec.structs.replace(COMPARISON, places=[1], curves=[curve]))
    assert "<svg" not in text
    assert "0.500 ± 0.000" in text


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.19, 0.51, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6]),
        (0.0, 8.0, [0, 2, 4, 6, 8]),
    ],
)
def test_axes_have_round_numbers_around_the_values(low, high, expected) -> None:
    found = ticks(low, high)
    assert found[0] <= low
    assert found[-1] >= high
    assert found[: len(expected)] == expected
