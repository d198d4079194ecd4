"""One HTML page with everything a test found out: no script, no picture file, no network.

Rule: whatever is written into the page is escaped by `tag` and `text`; nothing else makes markup.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import msgspec

from tertulia.evaluation.charts import (
    BINS,
    Chart,
    Comparison,
    ConfusionMatrix,
    Curve,
    Histogram,
    binned,
    readable,
)
from tertulia.evaluation.page_style import STYLE

Json = Any


AVERAGES = ("micro avg", "macro avg", "weighted avg")
_OTHERS = frozenset({*AVERAGES, "accuracy", "conversation_accuracy"})


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the page. facts: shown large, name to value. blocks: markup below them."""

    title: str
    facts: Mapping[str, str]
    blocks: Sequence[Html]


def tag(name: str, *content: str, **attributes: object) -> Html:
    """Return an element; content that is no `Html` is escaped. `class_` writes `class`."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inner = "".join(one if isinstance(one, Html) else escape(one) for one in content)
    return Html(f"<{name}{written}>{inner}</{name}>")


def page(title: str, sections: Sequence[Section], *, about: str = "") -> str:
    """Return the whole page."""
    body = [tag("h1", title)]
    if about:
        body.append(tag("p", about, class_="about"))
    if len(sections) > 1:
        links = [tag("a", one.title, href=f"#s{n}") for n, one in enumerate(sections)]
        body.append(tag("nav", *links))
    body += [_section(number, section) for number, section in enumerate(sections)]
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    head = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main>"
    )
    return head + "\n".join(body) + "</main></body></html>\n"


def _section(number: int, section: Section) -> Html:
    facts = [
        tag("div", tag("b", value), tag("span", name), class_="fact")
        for name, value in section.facts.items()
    ]
    return tag(
        "section",
        tag("h2", section.title),
        tag("div", *facts, class_="facts"),
        *section.blocks,
        id=f"s{number}",
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, class_: str = "") -> Html:
    """Return a table; of each row the first cell names it."""
    body = [
        tag("tr", tag("th", row[0], scope="row"), *(tag("td", cell) for cell in row[1:]))
        for row in rows
    ]
    top = tag("tr", *(tag("th", one, scope="col") for one in head))
    return tag(
        "div",
        tag("table", tag("thead", top), tag("tbody", *body), class_=class_),
        class_="wide",
    )


def folded(title: str, *content: str, is_open: bool = False) -> Html:
    """Return what a reader opens to see."""
    return tag("details", tag("summary", title), *content, open="" if is_open else None)


def report_table(report: Mapping[str, Json]) -> Html:
    """Return the per-label report, labels with the lowest F1 first, averages last."""
    labels = [name for name in report if name not in _OTHERS]
    labels.sort(key=lambda name: (report[name]["f1-score"], name))
    rows = [(name, *_scores(report[name]), _confused(report[name])) for name in labels]
    rows += [(name, *_scores(report[name]), "") for name in AVERAGES if name in report]
    head = ("label", "precision", "recall", "F1", "examples", "taken for")
    # Reports of stories do not say what labels were taken for; nor do those without mistakes.
    shown = len(head) if any(row[-1] for row in rows) else -1
    return table(head[:shown], [row[:shown] for row in rows], class_="scores")


def _scores(row: Mapping[str, Json]) -> list[str]:
    shares = [f"{row[key]:.3f}" for key in ("precision", "recall", "f1-score")]
    return [*shares, str(row["support"])]


def _confused(row: Mapping[str, Json]) -> str:
    wrong: Mapping[str, int] = row.get("confused_with", {})
    return ", ".join(f"{name} ({count})" for name, count in wrong.items())


def chart(found: Chart) -> Html:
    """Return a chart as markup that needs no picture."""
    if isinstance(found, ConfusionMatrix):
        return _matrix(readable(found))
    if isinstance(found, Histogram):
        return _histogram(found)
    return _comparison(found)


def _matrix(found: ConfusionMatrix) -> Html:
    top = max((max(row, default=0) for row in found.counts), default=0) or 1
    head = tag("tr", tag("th", ""), *(_column(label) for label in found.labels))
    rows = [
        tag("tr", tag("th", label, scope="row"), *_cells(found, i, top))
        for i, label in enumerate(found.labels)
    ]
    caption = tag("caption", f"{found.title}. Rows: expected, columns: predicted.")
    return tag("div", tag("table", caption, head, *rows, class_="matrix"), class_="wide")


def _column(label: str) -> Html:
    return tag("th", tag("span", label), scope="col")


def _cells(found: ConfusionMatrix, row: int, top: int) -> list[Html]:
    cells: list[Html] = []
    for column, count in enumerate(found.counts[row]):
        strength = round(0.15 + 0.85 * (count / top) ** 0.5, 2) if count else 0
        kind = "hit" if row == column else "miss"
        names = f"{found.labels[row]} taken for {found.labels[column]}: {count}"
        cells.append(
            tag(
                "td",
                str(count) if count else "",
                class_=f"{kind} dark" if strength > 0.6 else kind,
                style=f"--s:{strength}" if count else None,
                title=names if count else None,
            )
        )
    return cells


def _histogram(found: Histogram) -> Html:
    right, wrong = binned(found.right), binned(found.wrong)
    # Both halves have one scale, and take the room that their highest bars need.
    up, down = max(right) or 1, max(wrong)
    halves = (
        f"grid-template-rows:{up}fr {down}fr;background-position:0 {100 * up / (up + down):.1f}%"
    )
    bars = [
        tag(
            "div",
            tag("i", class_="up", style=f"height:{100 * right[n] / up:.1f}%"),
            tag("i", class_="down", style=f"height:{100 * wrong[n] / (down or 1):.1f}%"),
            class_="bin",
            style=halves,
            title=f"{n / BINS:.2f} to {(n + 1) / BINS:.2f}: {right[n]} right, {wrong[n]} wrong",
        )
        for n in range(BINS)
    ]
    most = f"the highest bar is {max(up, down)}" if found.right or found.wrong else "there are none"
    legend = f"{len(found.right)} right above, {len(found.wrong)} wrong below the line; {most}"
    axis = tag("div", *(tag("span", label) for label in ("0", "confidence", "1")), class_="axis")
    caption = tag("figcaption", f"{found.title}: {legend}.")
    return tag("figure", caption, tag("div", *bars, class_="bins"), axis)


def _comparison(found: Comparison) -> Html:
    rows = [
        (
            curve.name,
            *(
                f"{mean:.3f} ± {deviation:.3f}"
                for mean, deviation in zip(curve.means, curve.deviations, strict=True)
            ),
        )
        for curve in found.curves
    ]
    places = [f"{place:g}" for place in found.places]
    title = tag("p", f"{found.title}. {found.y_label}; columns: {found.x_label}.")
    numbers = table(("configuration", *places), rows)
    # A single amount of training data makes no curve.
    return tag("div", title, *([_curves(found)] if len(places) > 1 else []), numbers)


_WIDTH, _HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 16, 12, 44
"""A drawing of curves and the margins around it, in pixels."""

_SHAPES = 6
"""Kinds of lines; see the style of `.c0` and so on."""


Scale = Callable[[float], float]
"""From a value to a place in the drawing."""


def _curves(found: Comparison) -> Html:
    """Return the curves over the amounts of training data, with a legend below."""
    ends = [
        mean + sign * deviation
        for curve in found.curves
        for mean, deviation in zip(curve.means, curve.deviations, strict=True)
        for sign in (-1, 1)
    ]
    marks = ticks(min(ends, default=0.0), max(ends, default=1.0))
    x = _scale(min(found.places), max(found.places), _LEFT, _WIDTH - _RIGHT)
    y = _scale(marks[0], marks[-1], _HEIGHT - _BOTTOM, _TOP)
    lines = [
        tag("g", *_curve(found.places, curve, x, y), class_=f"c{number % _SHAPES}")
        for number, curve in enumerate(found.curves)
    ]
    box = f"0 0 {_WIDTH} {_HEIGHT}"
    drawing = tag(
        "svg", *_axes(found, marks, x, y), *lines, viewBox=box, role="img", aria_label=found.title
    )
    return tag("figure", drawing, _legend([curve.name for curve in found.curves]), class_="curves")


def _axes(found: Comparison, marks: Sequence[float], x: Scale, y: Scale) -> Iterator[Html]:
    """Yield the lines and numbers around the curves."""
    for mark in marks:
        yield tag("path", d=f"M{_LEFT} {y(mark)}H{_WIDTH - _RIGHT}", class_="grid")
        yield tag("text", f"{mark:g}", x=_LEFT - 8, y=y(mark) + 4, text_anchor="end")
    below = _HEIGHT - _BOTTOM + 18
    for place in found.places:
        yield tag("text", f"{place:g}", x=x(place), y=below, text_anchor="middle")
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield tag("text", found.x_label, x=middle, y=_HEIGHT - 6, text_anchor="middle")


def _curve(places: Sequence[float], curve: Curve, x: Scale, y: Scale) -> Iterator[Html]:
    """Yield a curve, how far its values are spread, and a dot for each value."""
    values = list(zip(places, curve.means, curve.deviations, strict=True))
    yield tag("polyline", points=" ".join(f"{x(place)},{y(mean)}" for place, mean, _ in values))
    spread = (f"M{x(place)} {y(mean - off)}V{y(mean + off)}" for place, mean, off in values)
    yield tag("path", d="".join(spread), class_="spread")
    for place, mean, _ in values:
        yield tag("circle", cx=x(place), cy=y(mean), r=3.5)


def _legend(names: Sequence[str]) -> Html:
    """Return which line is which."""
    entries = [
        tag(
            "span",
            tag(
                "svg",
                tag("g", tag("polyline", points="0,6 28,6"), class_=f"c{number % _SHAPES}"),
                viewBox="0 0 28 12",
            ),
            name,
        )
        for number, name in enumerate(names)
    ]
    return tag("figcaption", *entries, class_="legend")


def _scale(low: float, high: float, first: float, last: float) -> Scale:
    """Return what takes `low` to `first` and `high` to `last`, in pixels."""
    span = (high - low) or 1.0
    return lambda value: round(first + (value - low) / span * (last - first), 1)


def ticks(low: float, high: float) -> list[float]:
    """Return round numbers, four to eleven of them, from at most `low` to at least `high`."""
    rough = max((high - low) / 5, 1e-9)
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(unit * size for size in (1, 2, 5, 10) if unit * size >= rough)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, max(last, first + 1) + 1)]
