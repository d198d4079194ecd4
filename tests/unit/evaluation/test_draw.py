"""Pictures: drawn with the extra, and a clear error without it."""

import sys
from io import BytesIO

import pytest
from PIL import Image
from tests.unit.evaluation.test_page import COMPARISON, HISTOGRAM, MATRIX

from tertulia.base.errors import MissingExtra
from tertulia.evaluation import draw as drawing
from tertulia.evaluation.charts import Chart, ConfusionMatrix, Histogram
from tertulia.evaluation.draw import check_library, draw

CHARTS = [MATRIX, HISTOGRAM, COMPARISON]


@pytest.mark.parametrize("chart", CHARTS, ids=lambda one: type(one).__name__)
def test_every_chart_becomes_a_picture_that_is_not_blank(chart: Chart) -> None:
    picture = Image.open(BytesIO(draw(chart)))
    assert picture.width > 400
    assert len(picture.convert("RGB").getcolors(1 << 24) or []) > 10


@pytest.mark.parametrize("chart", CHARTS, ids=lambda one: type(one).__name__)
def test_the_same_chart_gives_the_same_bytes(chart: Chart) -> None:
    assert draw(chart) == draw(chart)


def test_pdf_is_drawn_where_it_is_asked_for() -> None:
    assert draw(COMPARISON, "pdf").startswith(b"%PDF")


@pytest.mark.parametrize(
    "chart",
    [
        ConfusionMatrix(title="", labels=[], counts=[]),
        Histogram(title="", right=[], wrong=[]),
    ],
)
def test_a_chart_of_nothing_is_drawn_all_the_same(chart: Chart) -> None:
    assert draw(chart).startswith(b"\x89PNG")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    drawing._library.cache_clear()
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match=r"tertulia\[charts\]"):
        check_library()
    drawing._library.cache_clear()
