"""What the terminal shows, and what a typed number means."""

from typing import Any

import pytest

from tertulia.cli.talk import Screen
from tertulia.core.domain.model import Generation
from tertulia.core.messages import bot_event


def shown(content: dict[str, Any], generation: Generation = Generation.MODERN) -> list[str]:
    lines: list[str] = []
    screen = Screen(generation, lines.append)
    for message in [content]:
        screen.show(message)
    return lines


BUTTONS = [{"title": "Yes", "payload": "/affirm"}, {"title": "No", "payload": "/deny"}]


def test_buttons_are_numbered() -> None:
    assert shown({"text": "Sure?", "buttons": BUTTONS}) == ["Sure?", "  1  Yes", "  2  No"]


def test_a_number_stands_for_its_button() -> None:
    screen = Screen(Generation.MODERN, lambda line: None)
    screen.show({"text": "Sure?", "buttons": BUTTONS})
    assert [screen.chosen(text) for text in ("1", "2")] == ["/affirm", "/deny"]


@pytest.mark.parametrize("text", ["0", "3", "-1", "yes", "1.0", "١", ""])
def test_anything_else_is_said_as_it_is(text: str) -> None:
    screen = Screen(Generation.MODERN, lambda line: None)
    screen.show({"text": "Sure?", "buttons": BUTTONS})
    assert screen.chosen(text) == text


def test_old_buttons_are_forgotten() -> None:
    screen = Screen(Generation.MODERN, lambda line: None)
    screen.show({"text": "Sure?", "buttons": BUTTONS})
    screen.forget_buttons()
    assert screen.chosen("1") == "1"


def test_a_button_without_payload_says_its_title() -> None:
    screen = Screen(Generation.MODERN, lambda line: None)
    screen.show({"text": "Sure?", "buttons": [{"title": "Maybe"}]})
    assert screen.chosen("1") == "Maybe"


def test_a_link_is_shown_and_cannot_be_chosen() -> None:
    link = {"title": "Map", "url": "https://example.org/map"}
    lines: list[str] = []
    screen = Screen(Generation.MODERN, lines.append)
    screen.show({"text": "Look", "buttons": [link]})
    assert lines[1].strip() == "Map: https://example.org/map"
    assert screen.chosen("1") == "1"


def test_what_a_terminal_cannot_draw_is_put_into_words() -> None:
    assert shown({"image": "https://example.org/a.png"}) == ["Image: https://example.org/a.png"]
    assert shown({"custom": {"a": 1}}) == ['{"a": 1}']


@pytest.mark.parametrize("generation", Generation)
async def test_a_text_with_a_blank_line_is_two_messages(generation: Generation) -> None:
    lines: list[str] = []
    await Screen(generation, lines.append).deliver(bot_event({"text": "One.\n\nTwo."}, generation))
    assert lines == ["One.", "Two."]
