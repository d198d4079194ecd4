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
