"""Filling variables: laws that hold for every text."""

from hypothesis import given
from hypothesis import strategies as st

from tertulia.core.domain.model import Generation
from tertulia.core.domain.responses import fill

MODERN = Generation.MODERN
TEXTS = st.text(alphabet="ab {}\n0[\"':", max_size=20)
NAMES = st.text(alphabet="ab 0.:", min_size=1, max_size=4)
VARIABLES = st.dictionaries(NAMES, st.integers() | st.text(max_size=5) | st.none(), max_size=4)


def doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


@given(text=TEXTS, variables=VARIABLES)
def test_doubled_braces_always_come_back_as_the_text(
    text: str, variables: dict[str, object]
) -> None:
    filled = fill(doubled(text), variables, MODERN)
    assert filled.value == text
    assert filled.notes == ()


@given(before=TEXTS, after=TEXTS, variables=VARIABLES.filter(bool))
def test_a_known_variable_between_any_texts_becomes_its_value(
    before: str, after: str, variables: dict[str, object]
) -> None:
    name, value = next(iter(variables.items()))
    text = doubled(before) + "{" + name + "}" + doubled(after)
    assert fill(text, variables, MODERN).value == f"{before}{value}{after}"


@given(text=TEXTS, variables=VARIABLES)
def test_a_text_is_filled_or_left_as_written_with_a_note(
    text: str, variables: dict[str, object]
) -> None:
    filled = fill(text, variables, MODERN)
    assert len(filled.notes) <= 1
    if filled.notes:
        assert filled.value == text


@given(text=TEXTS, value=TEXTS)
def test_a_value_with_braces_is_not_read_again(text: str, value: str) -> None:
    assert fill("{v}" + doubled(text), {"v": value}, MODERN).value == value + text


@given(text=st.text(alphabet="ab 0[\"':", max_size=20), variables=VARIABLES)
def test_a_text_without_braces_is_never_changed(text: str, variables: dict[str, object]) -> None:
    assert fill(text, variables, MODERN).value == text
