"""A conversation on the chat page, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from .chat_page import GREETING, OFFER, bubbles, button, field, log, say, typing
from .conftest import PageAt
from .fake_bot import FakeBot, Hold, refusal

pytestmark = pytest.mark.browser


def test_greeting_of_the_bot_is_shown(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = GREETING
    page = page_at(bot.url).page
    page.get_by_role("button", name="Say “hi”").click()
    expect(bubbles(page)).to_have_text(["hi", "Hello, I am the bot."])
    expect(page.get_by_role("heading", name="Pull up a chair")).to_be_hidden()


def test_a_message_goes_out_once_with_its_sender(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    page = page_at(bot.url).page
    say(page, "  one\ntwo ")
    expect(bubbles(page)).to_have_count(2)
    [received] = bot.received
    assert received.message == "one\ntwo"
    assert received.metadata == {}
    assert received.streaming
    assert re.fullmatch("[0-9a-f]{32}", received.sender)


def test_a_button_sends_its_payload_and_shows_its_title(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = OFFER
    bot.otherwise = [{"text": "Coming."}]
    page = page_at(bot.url).page
    say(page, "hi")
    button(page, "Tea").click()
    expect(bubbles(page)).to_have_text(["hi", "Tea or coffee?", "Tea", "Coming."])
    assert bot.texts == ["hi", '/order{"drink": "tea"}']


def test_buttons_of_a_past_turn_are_inactive(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = OFFER
    page = page_at(bot.url).page
    say(page, "hi")
    expect(button(page, "Tea")).to_be_enabled()
    say(page, "neither")
    expect(button(page, "Coffee")).to_have_count(2)
    expect(button(page, "Coffee").nth(0)).to_be_disabled()
    expect(button(page, "Tea").nth(0)).to_be_disabled()
    expect(button(page, "Tea").nth(1)).to_be_enabled()


def test_buttons_are_open_again_when_the_choice_did_not_reach_the_bot(
    page_at: PageAt, bot: FakeBot
) -> None:
    bot.answers["hi"] = OFFER
    page = page_at(bot.url).page
    say(page, "hi")
    expect(button(page, "Tea")).to_be_enabled()
    bot.upcoming.append(refusal(503, "Full.", reason="Busy"))
    button(page, "Tea").click()
    expect(button(page, "Retry")).to_be_visible()
    expect(button(page, "Coffee")).to_be_enabled()


def test_quick_replies_and_elements_offer_choices(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = [
        {
            "elements": [
                {
                    "title": "Tortilla",
                    "subtitle": "Warm",
                    "buttons": [{"title": "Order", "payload": "/o"}],
                }
            ]
        },
        {"text": "Or?", "quick_replies": [{"content_type": "text", "title": "Later"}]},
    ]
    page = page_at(bot.url).page
    say(page, "hi")
    expect(page.get_by_role("heading", name="Tortilla")).to_be_visible()
    expect(button(page, "Order")).to_be_enabled()
    button(page, "Later").click()
    expect(log(page)).to_contain_text("gave no answer")
    expect(button(page, "Order")).to_be_disabled()
    assert bot.texts == ["hi", "Later"]


def test_image_is_shown_with_alternative_text(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [{"image": bot.picture}]
    page = page_at(bot.url).page
    say(page, "show me")
    image = page.get_by_role("img", name="Image from the assistant: picture.svg")
    expect(image).to_be_visible()
    expect(image).to_have_js_property("naturalWidth", 320)


def test_image_that_fails_to_load_says_so(page_at: PageAt, bot: FakeBot) -> None:
    address = f"{bot.origin}/missing.png"
    bot.otherwise = [{"image": address}]
    page = page_at(bot.url).page
    say(page, "show me")
    expect(bubbles(page).last).to_have_text(f"The image could not be loaded: {address}")


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:image/png;base64,AAAA", "file:///etc/hosts", "/a.svg"],
)
def test_image_addresses_other_than_web_addresses_are_text(
    page_at: PageAt, bot: FakeBot, address: str
) -> None:
    bot.otherwise = [{"image": address}]
    page = page_at(bot.url).page
    say(page, "show me")
    expect(bubbles(page).last).to_have_text(f"An image that cannot be shown here: {address}")
    expect(log(page).locator("img")).to_have_count(0)


def test_attachment_and_custom_data_are_readable(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [
        {"attachment": {"type": "file", "payload": {"id": 7}}},
        {"attachment": "https://example.org/a.pdf"},
        {"custom": {"seats": 2}},
    ]
    page = page_at(bot.url).page
    say(page, "all")
    expect(page.get_by_label("Attachment as JSON")).to_contain_text('"type": "file"')
    expect(bubbles(page).last).to_have_text("Attachment: https://example.org/a.pdf")
    expect(page.get_by_label("Custom data as JSON")).to_have_text('{ "seats": 2 }')


def test_messages_appear_one_by_one_while_the_bot_types(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [{"text": "Let me look."}, Hold(), {"text": "Found it."}]
    page = page_at(bot.url).page
    expect(typing(page)).to_be_hidden()
    say(page, "find")
    expect(bubbles(page)).to_have_text(["find", "Let me look."])
    expect(typing(page)).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("The assistant is typing")
    bot.go_on()
    expect(bubbles(page)).to_have_text(["find", "Let me look.", "Found it."])
    expect(typing(page)).to_be_hidden()


def test_text_typed_during_a_turn_is_kept_and_not_sent(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [Hold(), *GREETING]
    page = page_at(bot.url).page
    say(page, "first")
    expect(typing(page)).to_be_visible()
    say(page, "second")
    expect(page.get_by_role("status")).to_have_text("Please wait for the answer first.")
    expect(field(page)).to_have_value("second")
    bot.go_on()
    expect(typing(page)).to_be_hidden()
    field(page).press("Enter")
    expect(bubbles(page)).to_have_count(4)
    assert bot.texts == ["first", "second"]


def test_a_long_turn_can_be_left(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [Hold(), *GREETING]
    visit = page_at("about:blank")
    page = visit.page
    page.clock.install()
    page.goto(bot.url)
    say(page, "slow")
    expect(typing(page)).to_be_visible()
    page.clock.fast_forward(10_000)
    button(page, "Stop waiting").click()
    expect(page.get_by_text("You stopped waiting for the answer.")).to_be_visible()
    expect(typing(page)).to_be_hidden()
    expect(button(page, "Send again")).to_be_visible()


def test_an_empty_answer_is_noted(page_at: PageAt, bot: FakeBot) -> None:
    page = page_at(bot.url).page
    say(page, "psst")
    expect(log(page)).to_contain_text("The assistant gave no answer to this.")


def test_restart_tells_the_bot_and_clears_the_view(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    bot.answers["/restart"] = [{"text": "Fresh again."}]
    page = page_at(bot.url).page
    say(page, "hi")
    expect(bubbles(page)).to_have_count(2)
    button(page, "Restart").click()
    expect(bubbles(page)).to_have_text(["Fresh again."])
    expect(log(page)).to_contain_text("The conversation was restarted.")
    assert bot.texts == ["hi", "/restart"]
    assert bot.received[0].sender == bot.received[1].sender
    page.reload()
    expect(bubbles(page)).to_have_text(["Fresh again."])


def test_a_failed_restart_keeps_the_view_and_can_be_repeated(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = GREETING
    page = page_at(bot.url).page
    say(page, "hi")
    expect(bubbles(page)).to_have_count(2)
    bot.upcoming.append(refusal(500, "Broken.", reason="Boom"))
    button(page, "Restart").click()
    expect(page.get_by_text("The conversation was not restarted.")).to_be_visible()
    expect(bubbles(page)).to_have_count(2)
    button(page, "Try again").click()
    expect(bubbles(page)).to_have_count(0)
    assert bot.texts == ["hi", "/restart", "/restart"]


def test_restart_during_a_turn_drops_its_late_answers(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = [{"text": "Early."}, Hold(), {"text": "Late."}]
    page = page_at(bot.url).page
    say(page, "hi")
    expect(bubbles(page)).to_have_text(["hi", "Early."])
    button(page, "Restart").click()
    expect(log(page)).to_have_text("The conversation was restarted.")
    bot.go_on()
    bot.otherwise = [{"text": "Now."}]
    say(page, "again")
    expect(bubbles(page)).to_have_text(["again", "Now."])


def test_a_new_conversation_has_a_new_sender_and_no_history(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    page = page_at(bot.url).page
    say(page, "hi")
    expect(bubbles(page)).to_have_count(2)
    button(page, "New conversation").click()
    expect(page.get_by_role("heading", name="Pull up a chair")).to_be_visible()
    expect(bubbles(page)).to_have_count(0)
    say(page, "hi")
    expect(bubbles(page)).to_have_count(2)
    first, second = bot.received
    assert first.sender != second.sender


def test_reload_keeps_history_sender_draft_and_open_buttons(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = GREETING
    bot.otherwise = OFFER
    page = page_at(bot.url).page
    say(page, "hi")
    expect(bubbles(page)).to_have_count(2)
    say(page, "drinks")
    expect(button(page, "Tea")).to_be_enabled()
    field(page).fill("half a thou")
    page.reload()
    expect(bubbles(page)).to_have_text(["hi", "Hello, I am the bot.", "drinks", "Tea or coffee?"])
    expect(field(page)).to_have_value("half a thou")
    button(page, "Tea").click()
    expect(bubbles(page)).to_have_count(6)
    expect(button(page, "Tea").first).to_be_disabled()
    assert [received.sender for received in bot.received] == [bot.received[0].sender] * 3


def test_reload_during_a_turn_offers_to_send_again(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [Hold(), *GREETING]
    page = page_at(bot.url).page
    say(page, "slow")
    expect(typing(page)).to_be_visible()
    page.reload()
    expect(page.get_by_text("reloaded before the answer was complete")).to_be_visible()
    bot.go_on()
    button(page, "Send again").click()
    expect(bubbles(page)).to_have_text(["slow", "Hello, I am the bot."])


def test_damaged_history_is_left_aside(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    page = page_at(bot.url).page
    page.evaluate("sessionStorage.setItem('tertulia:/chat:entries', '[{\"kind\": 1}, null')")
    page.reload()
    say(page, "hi")
    expect(bubbles(page)).to_have_count(2)


def test_the_page_works_where_storage_is_forbidden(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    visit = page_at("about:blank")
    visit.page.add_init_script("""
        for (const name of ["localStorage", "sessionStorage"]) {
            const refuse = () => { throw new DOMException("no", "SecurityError"); };
            Object.defineProperty(window, name, { get: refuse });
        }""")
    visit.page.goto(bot.url)
    say(visit.page, "one")
    expect(bubbles(visit.page)).to_have_count(2)
    say(visit.page, "two")
    expect(bubbles(visit.page)).to_have_count(4)
    assert len({received.sender for received in bot.received}) == 1
    assert visit.console_errors == []
