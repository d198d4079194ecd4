"""What the chat page says and keeps when the server fails."""

import pytest
from playwright.sync_api import expect

from .chat_page import GREETING, OFFER, bubbles, button, field, log, say, typing
from .conftest import PageAt
from .fake_bot import Cut, FakeBot, Hold, Refuse, refusal

pytestmark = pytest.mark.browser


def test_server_gone_is_said_and_retry_sends_once(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    page = page_at(bot.url).page
    bot.stop()
    say(page, "are you there?")
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    expect(bubbles(page)).to_have_text(["are you there?"])
    bot.start()
    button(page, "Retry").dblclick()
    expect(bubbles(page)).to_have_text(["are you there?", "Hello, I am the bot."])
    expect(button(page, "Retry")).to_have_count(0)
    assert bot.texts == ["are you there?"]


def test_a_failed_message_survives_a_reload(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    page = page_at(bot.url).page
    bot.upcoming.append(Cut())
    say(page, "keep me")
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    page.reload()
    button(page, "Retry").click()
    expect(bubbles(page)).to_have_text(["keep me", "Hello, I am the bot."])
    assert bot.texts == ["keep me", "keep me"]


def test_retry_of_a_choice_sends_the_very_same_payload(page_at: PageAt, bot: FakeBot) -> None:
    bot.answers["hi"] = OFFER
    bot.otherwise = [{"text": "Coming."}]
    page = page_at(bot.url).page
    say(page, "hi")
    expect(button(page, "Tea")).to_be_enabled()
    bot.upcoming.append(Cut())
    button(page, "Tea").click()
    button(page, "Retry").click()
    expect(bubbles(page).last).to_have_text("Coming.")
    assert bot.received[1] == bot.received[2]


def test_a_refused_message_can_be_edited(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = GREETING
    page = page_at(bot.url).page
    bot.upcoming.append(refusal(413, "At most 10 bytes.", reason="TooLarge"))
    say(page, "much too long")
    expect(page.get_by_text("This message is too long for the server.")).to_be_visible()
    button(page, "Edit").click()
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("much too long")
    expect(bubbles(page)).to_have_count(0)


BUSY = {"Retry-After": "7"}
CLOSED = {"Retry-After": "600"}
GATEWAY = Refuse(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"})


@pytest.mark.parametrize(
    ("refused", "words"),
    [
        (refusal(500, "Bad action.", reason="Failed"), "The assistant failed on this message."),
        (refusal(409, "No model.", reason="Conflict"), "The assistant is not ready."),
        (refusal(404, "Not found.", reason="NotFound"), "its rest channel is not enabled"),
        (refusal(429, "Slow.", reason="Rate", headers=BUSY), "Please try again in 7 seconds."),
        (refusal(503, "Full.", reason="Busy", headers=CLOSED), "Please try again in 10 minutes."),
        (GATEWAY, "The server cannot be reached at the moment."),
    ],
    ids=["500", "409", "404", "429", "503", "502"],
)
def test_a_refusal_is_explained(page_at: PageAt, bot: FakeBot, refused: Refuse, words: str) -> None:
    page = page_at(bot.url).page
    bot.upcoming.append(refused)
    say(page, "hello")
    problem = page.get_by_role("group", name="Problem")
    expect(problem).to_contain_text(words)
    expect(problem).to_contain_text(str(refused.status))
    expect(button(page, "Retry")).to_be_visible()


def test_a_refusal_names_message_reason_and_code_of_the_server(
    page_at: PageAt, bot: FakeBot
) -> None:
    page = page_at(bot.url).page
    bot.upcoming.append(refusal(500, "The action failed.", reason="ActionServerError"))
    say(page, "hello")
    expect(page.get_by_text("The action failed. (ActionServerError, 500)")).to_be_visible()


def test_an_answer_that_breaks_off_keeps_what_arrived(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [{"text": "Half."}, Hold(), Cut()]
    page = page_at(bot.url).page
    say(page, "tell me")
    expect(bubbles(page)).to_have_text(["tell me", "Half."])
    bot.go_on()
    expect(page.get_by_text("The connection broke before the answer was complete.")).to_be_visible()
    expect(bubbles(page)).to_have_text(["tell me", "Half."])
    expect(typing(page)).to_be_hidden()


def test_a_line_that_is_no_json_does_not_hide_the_others(page_at: PageAt, bot: FakeBot) -> None:
    bot.otherwise = [{"text": "Before."}, "not json", {"text": "After."}]
    page = page_at(bot.url).page
    say(page, "tell me")
    expect(page.get_by_text("The answer could not be read.")).to_be_visible()
    expect(bubbles(page)).to_have_text(["tell me", "Before.", "After."])


@pytest.mark.parametrize(
    "raw", ["null", "7", '"text"', "[]", "{}", '{"text": {"a": 1}, "buttons": 3}']
)
def test_a_message_of_unknown_shape_is_shown_as_json(
    page_at: PageAt, bot: FakeBot, raw: str
) -> None:
    bot.otherwise = [raw]
    page = page_at(bot.url).page
    say(page, "odd")
    expect(log(page).locator("pre").first).to_be_visible()
    expect(button(page, "Retry")).to_have_count(0)


def test_without_streaming_in_the_browser_the_plain_form_is_used(
    page_at: PageAt, bot: FakeBot
) -> None:
    bot.otherwise = [*GREETING, {"text": "Two."}]
    visit = page_at("about:blank")
    visit.page.add_init_script("delete Response.prototype.body; delete window.ReadableStream;")
    visit.page.goto(bot.url)
    say(visit.page, "hi")
    expect(bubbles(visit.page)).to_have_text(["hi", "Hello, I am the bot.", "Two."])
    assert [received.streaming for received in bot.received] == [False]


def test_a_server_that_refuses_streaming_is_asked_for_the_plain_form(
    page_at: PageAt, bot: FakeBot
) -> None:
    bot.otherwise = GREETING
    bot.upcoming.append(refusal(501, "No streaming.", reason="NotImplemented"))
    page = page_at(bot.url).page
    say(page, "hi")
    expect(bubbles(page)).to_have_text(["hi", "Hello, I am the bot."])
    assert [received.streaming for received in bot.received] == [True, False]
