"""Names of model files."""

import re
from collections.abc import Sequence
from typing import TypeVar

import pytest

from tertulia.training.names import dated_folder, model_name

T = TypeVar("T")


class Fixed:
    """A clock that stands, and dice that always show the first side."""

    def now(self) -> float:
        return 1_700_000_000.0

    def choice(self, seq: Sequence[T], /) -> T:
        return seq[0]


@pytest.mark.parametrize(
    ("core", "nlu", "start"), [(True, True, ""), (True, False, "core-"), (False, True, "nlu-")]
)
def test_a_name_tells_the_time_and_what_was_trained(core: bool, nlu: bool, start: str) -> None:
    name = model_name(Fixed(), Fixed(), core=core, nlu=nlu)
    assert re.fullmatch(rf"{start}20231114-221320-[a-z]+-[a-z]+\.tar\.gz", name)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("foo", "foo.tar.gz"),
        ("foo.tar.gz", "foo.tar.gz"),
        ("foo.zip", "foo.tar.gz"),
        ("foo.bar.gz", "foo.bar.tar.gz"),
        (".foo", ".foo.tar.gz"),
    ],
)
def test_a_fixed_name_gets_the_ending(given: str, name: str) -> None:
    assert model_name(Fixed(), Fixed(), core=True, nlu=True, fixed=given) == name


def test_folders_are_dated_as_0x_does() -> None:
    assert dated_folder(Fixed()) == "model_20231114-221320"
