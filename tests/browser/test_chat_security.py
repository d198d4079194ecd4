"""Nothing a bot says is run, and nothing leaves the origin."""

import pytest
from playwright.sync_api import Page, expect

from .chat_page import GREETING, OFFER, bubbles, button, log, say
from .conftest import PageAt
from .fake_bot import FakeBot, running_bot

pytestmark = pytest.mark.browser


def test_html_in_a_message_is_shown_as_text(page_at: PageAt, bot: FakeBot) -> None:
    evil = (
        "<img src=x onerror=alert(1)><script>alert(2)</script><a href='javascript:alert(3)'>x</a>"
    )
    bot.otherwise = [
        {"text": evil, "buttons": [{"title": evil, "payload": evil}]},
        {"elements": [{"title": evil, "subtitle": evil, "item_url": "javascript:alert(4)"}]},
        {"custom": {"html": evil}},
    ]
    page = page_at(bot.url).page
    say(page, evil)
    expect(bubbles(page).nth(0)).to_have_text(evil)
    expect(bubbles(page).nth(1)).to_have_text(evil)
    expect(page.get_by_role("heading", name=evil)).to_be_visible()
    expect(log(page).locator("script, a, img, iframe")).to_have_count(0)


def _whole_visit(page: Page, bot: FakeBot) -> None:
    bot.answers["hi"] = [{"image": bot.picture}, *OFFER]
    bot.otherwise = GREETING
    say(page, "hi")
    button(page, "Tea").click()
    expect(bubbles(page).last).to_have_text("Hello, I am the bot.")
    page.reload()
    button(page, "Restart").click()
    expect(log(page)).to_contain_text("The conversation was restarted.")


def test_a_visit_leaves_no_error_and_no_violation(page_at: PageAt, bot: FakeBot) -> None:
    visit = page_at(bot.url)
    _whole_visit(visit.page, bot)
    assert visit.console_errors == []
    assert visit.violations == []


def test_no_request_leaves_the_origin(page_at: PageAt, bot: FakeBot) -> None:
    visit = page_at(bot.url)
    _whole_visit(visit.page, bot)
    assert visit.requests
    assert [url for url in visit.requests if not url.startswith(f"{bot.origin}/")] == []


STYLE = "Object.assign(document.createElement('style'), {textContent: 'p{}'})"


@pytest.mark.parametrize(
    ("attempt", "directive"),
    [
        (f"document.head.append({STYLE})", "style-src-elem"),
        ("document.body.setAttribute('style', 'color: red')", "style-src-attr"),
        ("fetch('https://example.org/').catch(() => 0)", "connect-src"),
        ("try { document.body.innerHTML = '<b>x</b>' } catch { 0 }", "require-trusted-types-for"),
    ],
    ids=["style", "style attribute", "fetch", "markup"],
)
def test_the_policy_is_in_force(
    page_at: PageAt, bot: FakeBot, attempt: str, directive: str
) -> None:
    visit = page_at(bot.url)
    visit.page.evaluate(f"async () => {{ {attempt}; await new Promise((go) => setTimeout(go)); }}")
    assert [violation.split()[0] for violation in visit.violations] == [directive]


def test_the_page_works_under_a_prefix(page_at: PageAt) -> None:
    with running_bot(prefix="/bots/lola") as bot:
        bot.otherwise = GREETING
        visit = page_at(bot.url)
        say(visit.page, "hi")
        expect(bubbles(visit.page)).to_have_text(["hi", "Hello, I am the bot."])
        assert visit.console_errors == []
