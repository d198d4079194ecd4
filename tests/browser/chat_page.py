"""The chat page as a person and a test see it: what to say to it, and where to look."""

from typing import Any

from playwright.sync_api import Locator, Page

GREETING = [{"text": "Hello, I am the bot."}]
OFFER = [
    {
        "text": "Tea or coffee?",
        "buttons": [
            {"title": "Tea", "payload": '/order{"drink": "tea"}'},
            {"title": "Coffee", "payload": '/order{"drink": "coffee"}'},
        ],
    }
]
PHONE: dict[str, Any] = {
    "viewport": {"width": 320, "height": 568},
    "has_touch": True,
    "is_mobile": True,
}


def field(page: Page) -> Locator:
    """Return where a person writes."""
    return page.get_by_label("Your message")


def say(page: Page, text: str) -> None:
    """Write and send."""
    field(page).fill(text)
    field(page).press("Enter")


def log(page: Page) -> Locator:
    """Return what was said so far."""
    return page.get_by_role("log")


def bubbles(page: Page) -> Locator:
    """Return the texts of both sides, oldest first."""
    return log(page).locator(".bubble")


def button(page: Page, name: str) -> Locator:
    """Return the buttons of this name, the past ones too."""
    return page.get_by_role("button", name=name, exact=True)


def typing(page: Page) -> Locator:
    """Return the sign that the bot is busy."""
    return page.locator(".dots")
