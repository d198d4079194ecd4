"""The chat page by keyboard, on a phone, in the dark, and read aloud."""

import pytest
from playwright.sync_api import Page, expect

from .chat_page import GREETING, OFFER, PHONE, bubbles, button, field, log, say, typing
from .conftest import PageAt
from .fake_bot import FakeBot, Hold, refusal

pytestmark = pytest.mark.browser


def test_everything_is_done_with_the_keyboard(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["one\ntwo"] = OFFER
    bot.answers['/order{"drink": "coffee"}'] = GREETING
    page = page_at(bot.url).page
    expect(field(page)).to_be_focused()
    page.keyboard.type("one")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("two")
    page.keyboard.press("Enter")
    expect(button(page, "Coffee")).to_be_enabled()
    expect(field(page)).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(button(page, "Coffee")).to_be_focused()
    expect(button(page, "Coffee")).to_have_css("outline-style", "solid")
    page.keyboard.press("Enter")
    expect(bubbles(page).last).to_have_text("Hello, I am the bot.")
    expect(field(page)).to_be_focused()
    reached = []
    for _ in range(4):
        page.keyboard.press("Shift+Tab")
        reached.append(page.evaluate("document.activeElement.id"))
    assert reached[:3] == ["middle", "anew", "restart"]
    button(page, "Restart").press("Space")
    expect(bubbles(page)).to_have_count(0)
    expect(field(page)).to_be_focused()


def test_enter_that_ends_a_composition_does_not_send(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url).page
    field(page).fill("にほん")
    field(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(field(page)).to_have_value("にほん")
    expect(bubbles(page)).to_have_count(0)


def test_the_newest_message_stays_in_sight_unless_the_reader_scrolled_up(
    page_at: PageAt, bot: FakeBot
) -> None:
    many = [{"text": f"Line {number}"} for number in range(40)]
    bot.otherwise = [*many, Hold(), {"text": "The end."}]
    page = page_at(bot.url).page
    say(page, "all")
    expect(page.get_by_text("Line 39")).to_be_in_viewport()
    page.get_by_text("Line 39").hover()
    page.mouse.wheel(0, -1500)
    expect(page.get_by_text("Line 5", exact=True)).to_be_in_viewport()
    bot.go_on()
    expect(page.get_by_role("button", name="New messages")).to_be_visible()
    expect(page.get_by_text("The end.")).not_to_be_in_viewport()
    page.get_by_role("button", name="New messages").click()
    expect(page.get_by_text("The end.")).to_be_in_viewport()


def _rich(bot: FakeBot) -> None:
    """Fill the bot with an answer of every kind, long words included."""
    bot.answers["hi"] = [
        {"text": "W" * 200 + " https://example.org/" + "path/" * 40},
        {"custom": {"key": "V" * 300}},
        {"image": bot.picture},
        {"elements": [{"title": "T" * 80, "item_url": "https://example.org/" + "x" * 90}] * 2},
        {"text": "Choose", "buttons": [{"title": "B" * 60, "payload": "/b"}, {"title": "No"}]},
    ]


def _show_everything(page: Page, bot: FakeBot) -> None:
    """Bring answers, open and past choices, a note and a problem onto the page."""
    _rich(bot)
    say(page, "hi")
    expect(button(page, "No")).to_be_enabled()
    say(page, "nothing")
    expect(log(page)).to_contain_text("gave no answer")
    say(page, "hi")
    expect(button(page, "No")).to_have_count(2)
    bot.upcoming.append(refusal(503, "E" * 120, reason="Busy"))
    say(page, "U" * 120)
    expect(button(page, "Retry")).to_be_visible()


def test_a_small_phone_needs_no_sideways_scrolling(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url, **PHONE).page
    _show_everything(page, bot)
    too_wide = page.evaluate("""
        [document.scrollingElement, document.getElementById("middle")]
            .filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.tagName)
        .concat([...document.querySelectorAll("#middle *")]
            .filter((box) => box.getBoundingClientRect().right > innerWidth + 0.5)
            .map((box) => box.className))
    """)
    assert too_wide == []
    expect(field(page)).to_be_in_viewport()


def test_the_welcome_is_read_from_its_top_on_a_low_screen(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url, viewport={"width": 320, "height": 300}).page
    expect(page.get_by_role("button", name="Say “hi”")).to_be_attached()
    expect(page.get_by_role("heading", name="Pull up a chair")).to_be_in_viewport(ratio=1)


def test_touch_targets_are_large_enough(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url, **PHONE).page
    _show_everything(page, bot)
    small = page.evaluate("""
        [...document.querySelectorAll("button, textarea")]
            .filter((target) => target.checkVisibility())
            .map((target) => [target.textContent.trim(), target.getBoundingClientRect()])
            .filter(([, box]) => box.width < 44 || box.height < 44).map(([name]) => name)
    """)
    assert small == []


CONTRAST = """
    () => {
        const channels = (colour) => colour.match(/[\\d.]+/g).map(Number);
        const light = (colour) => channels(colour).slice(0, 3)
            .map((value) => value / 255)
            .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
            .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
        const ground = (element) => {
            const colour = getComputedStyle(element).backgroundColor;
            return (channels(colour)[3] ?? 1) > 0 ? colour : ground(element.parentElement);
        };
        const says = (element) => [...element.childNodes]
            .some((node) => node.nodeType === 3 && node.data.trim());
        return [...document.querySelectorAll("body *")]
            .filter((element) => says(element) && element.checkVisibility())
            .map((element) => {
                const [a, b] = [light(getComputedStyle(element).color), light(ground(element))];
                const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
                return [element.className || element.tagName, ratio];
            });
    }
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_has_enough_contrast(page_at: PageAt, bot: FakeBot, scheme: str) -> None:
    page = page_at(bot.url, color_scheme=scheme).page
    _show_everything(page, bot)
    measured: list[tuple[str, float]] = page.evaluate(CONTRAST)
    assert len(measured) > 15
    assert [pair for pair in measured if pair[1] < 4.5] == []


def test_the_dark_scheme_is_followed(page_at: PageAt, bot: FakeBot) -> None:
    backgrounds = {
        page_at(bot.url, color_scheme=scheme).page.evaluate(
            "getComputedStyle(document.querySelector('.room')).backgroundColor"
        )
        for scheme in ("light", "dark")
    }
    assert len(backgrounds) == 2


def test_nothing_moves_when_less_motion_is_wanted(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [*GREETING, Hold()]
    page = page_at(bot.url, reduced_motion="reduce").page
    say(page, "hi")
    expect(typing(page)).to_be_visible()
    assert page.evaluate("document.getAnimations().length") == 0


def test_landmarks_names_and_live_regions_are_there(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url).page
    for role in ("banner", "main", "contentinfo"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(log(page)).to_have_attribute("aria-live", "polite")
    for name in ("Restart", "New conversation", "Send"):
        expect(button(page, name)).to_be_visible()


def test_names_of_the_controls_survive_the_narrow_layout(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url, **PHONE).page
    expect(button(page, "Restart")).to_be_visible()
    expect(button(page, "New conversation")).to_be_visible()
