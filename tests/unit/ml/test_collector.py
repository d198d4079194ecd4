"""How rarely unreachable cycles are searched for while something is learned."""

import gc
from collections.abc import Iterator

import pytest

from tertulia.ml.collector import collecting_rarely

pytestmark = pytest.mark.usefixtures("threshold")


@pytest.fixture
def threshold() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


def test_searches_are_rarer_inside_and_as_before_behind() -> None:
    gc.set_threshold(700, 10, 10)

    with collecting_rarely():
        inside = gc.get_threshold()

    assert inside[0] > 10_000
    assert gc.get_threshold() == (700, 10, 10)


def test_an_error_leaves_searches_as_they_were() -> None:
    gc.set_threshold(700, 10, 10)

    with pytest.raises(ValueError, match="what is learned"), collecting_rarely():
        raise ValueError("what is learned")

    assert gc.get_threshold() == (700, 10, 10)


@pytest.mark.parametrize("never_or_rarer", [0, 1_000_000])
def test_who_searches_more_rarely_already_is_not_made_to_search(never_or_rarer: int) -> None:
    gc.set_threshold(never_or_rarer, 10, 10)

    with collecting_rarely():
        assert gc.get_threshold()[0] == never_or_rarer
