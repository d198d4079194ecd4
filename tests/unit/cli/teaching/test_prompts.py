"""Questions in the terminal."""

import os

import pytest

from tertulia.cli.teaching import prompts


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the prompts that wait for an answer, on a terminal of 40 columns."""
    found: list[str] = []

    def answer(prompt: str) -> str:
        found.append(prompt)
        return ""

    size = os.terminal_size((40, 20))
    monkeypatch.setattr(prompts, "get_terminal_size", lambda: size)
    monkeypatch.setattr("builtins.input", answer)
    return found


def test_a_question_waits_behind_its_words(asked: list[str]) -> None:
    assert prompts.ask("Its name:", "x") == "x"
    assert asked == ["Its name: (Enter: x) "]


def test_a_question_wider_than_the_terminal_stands_above(
    asked: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    question = "Is the intent correct and are all entities labelled correctly?"
    assert prompts.confirm(question)
    assert asked == ["-> "]
    assert capsys.readouterr().out.startswith(f"{question} [Y/n]")


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        (["2"], 1),
        (["utter_bye"], 1),
        (["<another one>"], 3),
        (["0", "6", "utter", "twice", ""], 0),
    ],
)
def test_a_choice_is_made_by_its_number_or_its_name(
    typed: list[str], place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: typed.pop(0))
    offered = ["utter_hi  0.90", "utter_bye  0.10", "twice", "<another one>", "twice"]
    assert prompts.choose("What should the bot do?", offered) == place
    assert not typed
