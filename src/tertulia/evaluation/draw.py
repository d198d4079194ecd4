"""Draws charts as PNG or PDF: the only importer of matplotlib, which is an extra.

Rule: figures are made by themselves, never through pyplot, so nothing global is kept.
"""

from functools import cache
from io import BytesIO
from typing import Any, Literal

from tertulia.base.errors import MissingExtra
from tertulia.evaluation.charts import (
    BINS,
    Chart,
    Comparison,
    ConfusionMatrix,
    Histogram,
    binned,
    readable,
)

Picture = Literal["png", "pdf"]
Axes = Any

RIGHT, WRONG = "#2b6cb0", "#dd6b20"
_INK, _QUIET = "#1a202c", "#718096"


@cache
def _library() -> Any:
    try:
        from matplotlib import colors, figure
    except ImportError as error:
        raise MissingExtra(
            "pictures need the package 'matplotlib'",
            hint="Install it with `pip install 'tertulia[charts]'`, or leave pictures out with "
            "--no-plot; the figures are in the JSON files and in report.html.",
        ) from error
    return figure, colors


def check_library() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    _library()


def draw(chart: Chart, kind: Picture = "png") -> bytes:
    """Return the picture; the same chart gives the same bytes.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    if isinstance(chart, ConfusionMatrix):
        figure = _matrix(readable(chart))
    elif isinstance(chart, Histogram):
        figure = _histogram(chart)
    else:
        figure = _comparison(chart)
    out = BytesIO()
    # Without these, files hold the time and the version of the library.
    metadata = {"Software": None} if kind == "png" else {"CreationDate": None, "Producer": None}
    figure.savefig(out, format=kind, dpi=130, metadata=metadata)
    return out.getvalue()


def _figure(width: float, height: float) -> tuple[Any, Axes]:
    figure = _library()[0].Figure(figsize=(width, height), layout="constrained")
    axes = figure.add_subplot()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(colors=_INK)
    return figure, axes


_EMPTY = ConfusionMatrix(title="nothing was predicted", labels=["-"], counts=[[0]])


def _matrix(chart: ConfusionMatrix) -> Any:
    chart = chart if chart.labels else _EMPTY
    size = len(chart.labels)
    longest = max((len(label) for label in chart.labels), default=0)
    side = max(4.0, 0.32 * size + 1.5) + 0.07 * longest
    figure, axes = _figure(side, side)
    axes.imshow(_colored(chart), aspect="equal")
    axes.set_xticks(range(size), chart.labels, rotation=90, fontsize=9)
    axes.set_yticks(range(size), chart.labels, fontsize=9)
    axes.set_xticks([place - 0.5 for place in range(1, size)], minor=True)
    axes.set_yticks([place - 0.5 for place in range(1, size)], minor=True)
    axes.grid(which="minor", color="#e2e8f0", linewidth=0.5)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("predicted", color=_QUIET)
    axes.set_ylabel("expected", color=_QUIET)
    axes.set_title(chart.title, color=_INK, fontsize=11, wrap=True)
    for i, row in enumerate(chart.counts):
        for j, count in enumerate(row):
            if count:
                color = "white" if _strength(count, _top(chart)) > _DARK else _INK
                axes.text(j, i, str(count), ha="center", va="center", fontsize=8, color=color)
    return figure


_DARK = 0.6
"""Strength of a colour above which dark text cannot be read on it."""


def _colored(chart: ConfusionMatrix) -> list[list[tuple[float, float, float]]]:
    """Return a colour for each cell: blue where label and prediction agree, orange elsewhere."""
    right, wrong = (_library()[1].to_rgb(color) for color in (RIGHT, WRONG))
    top = _top(chart)
    return [
        [_mixed(right if i == j else wrong, _strength(n, top)) for j, n in enumerate(row)]
        for i, row in enumerate(chart.counts)
    ]


def _mixed(color: tuple[float, float, float], strength: float) -> tuple[float, float, float]:
    red, green, blue = (1 - strength * (1 - part) for part in color)
    return red, green, blue


def _strength(count: int, top: int) -> float:
    return 0.15 + 0.85 * (count / top) ** 0.5 if count else 0.0


def _top(chart: ConfusionMatrix) -> int:
    return max((max(row, default=0) for row in chart.counts), default=0) or 1


def _histogram(chart: Histogram) -> Any:
    figure, axes = _figure(8.5, 4.8)
    edges = [place / BINS + 0.5 / BINS for place in range(BINS)]
    width = 0.9 / BINS
    right, wrong = binned(chart.right), binned(chart.wrong)
    axes.bar(edges, right, width, color=RIGHT, label=f"right ({len(chart.right)})")
    axes.bar(
        edges, [-one for one in wrong], width, color=WRONG, label=f"wrong ({len(chart.wrong)})"
    )
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_formatter(_without_sign)
    axes.set_xlabel("confidence", color=_QUIET)
    axes.set_ylabel("examples: right above, wrong below", color=_QUIET)
    axes.set_title(chart.title, color=_INK, fontsize=11)
    for place, count in zip(edges, wrong, strict=True):
        if count:
            axes.annotate(
                str(count),
                (place, -count),
                (0, -3),
                textcoords="offset points",
                ha="center",
                va="top",
                fontsize=7,
                color=_QUIET,
            )
    axes.margins(y=0.12)
    axes.legend(frameon=False, loc="upper left")
    return figure


def _without_sign(value: float, position: int) -> str:
    return f"{abs(value):g}"


def _comparison(chart: Comparison) -> Any:
    figure, axes = _figure(8.5, 4.8)
    for curve in chart.curves:
        line = axes.errorbar(
            chart.places,
            curve.means,
            yerr=curve.deviations,
            marker="o",
            markersize=4,
            capsize=3,
            linewidth=1.6,
            label=curve.name,
        )
        line[0].set_clip_on(False)
    axes.set_xlabel(chart.x_label, color=_QUIET)
    axes.set_ylabel(chart.y_label, color=_QUIET)
    axes.set_title(chart.title, color=_INK, fontsize=11)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(frameon=False)
    return figure
