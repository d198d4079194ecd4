"""The chat page of the real program, with the bot that the demo serves."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from ..integration.programs import Server, copied, run, serving
from .chat_page import bubbles, button, say
from .conftest import PageAt

TOKEN = "for-people-we-know"

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("chat"))
    done = run("train", folder=bot)
    assert done.status == 0, done.err
    return bot


@pytest.fixture
def server(folder: Path) -> Iterator[Server]:
    with serving(folder=folder) as running:
        yield running


def test_a_visitor_talks_and_chooses_a_button(page_at: PageAt, server: Server) -> None:
    visit = page_at(f"{server.base}/chat")
    say(visit.page, "hello there")
    expect(bubbles(visit.page).nth(1)).to_contain_text("Corner Table")
    button(visit.page, "Very well").click()
    expect(bubbles(visit.page)).to_have_count(4)
    assert visit.console_errors == []
    assert visit.violations == []


def test_restarting_begins_a_new_talk(page_at: PageAt, server: Server) -> None:
    page = page_at(f"{server.base}/chat").page
    say(page, "hello there")
    expect(bubbles(page)).to_have_count(2)
    page.get_by_role("button", name=re.compile("restart", re.IGNORECASE)).click()
    expect(bubbles(page)).to_have_count(0)
    say(page, "hello there")
    expect(bubbles(page)).to_have_count(2)


def test_a_talk_goes_on_after_the_server_was_killed_and_started(
    page_at: PageAt, folder: Path
) -> None:
    with serving(folder=folder) as first:
        port = first.base.rpartition(":")[2]
        page = page_at(f"{first.base}/chat").page
        say(page, "hello there")
        expect(bubbles(page)).to_have_count(2)
        first.stop(signal.SIGKILL)
        say(page, "tell me a joke")
        retry = page.get_by_role("button", name=re.compile("retry|try again|send again", re.I))
        expect(retry).to_be_visible()
    with serving(folder=folder, port=port):
        retry.click()
        expect(bubbles(page)).to_have_count(4)


def test_a_protected_channel_asks_for_a_token_and_keeps_it_out_of_every_address(
    page_at: PageAt, folder: Path
) -> None:
    options = ("--protect-channels", "--auth-token", TOKEN, "-i", "127.0.0.1", "-vv")
    with serving(*options, folder=folder) as running:
        visit = page_at(f"{running.base}/chat")
        page, token = visit.page, visit.page.get_by_label("Token or key")
        expect(token).to_be_hidden()
        say(page, "hello there")
        expect(page.get_by_text("only talks to people it knows")).to_be_visible()
        token.fill("something else")
        token.press("Enter")
        expect(token).to_have_value("")
        expect(token).to_be_focused()
        token.fill(TOKEN)
        token.press("Enter")
        expect(bubbles(page)).to_have_count(2)
        expect(token).to_be_hidden()
        page.reload()
        say(page, "hello there")
        expect(bubbles(page)).to_have_count(4)
        assert [url for url in [*visit.requests, page.url] if TOKEN in url] == []
        assert TOKEN not in page.evaluate("JSON.stringify(localStorage)")
        assert TOKEN in page.evaluate("JSON.stringify(sessionStorage)")
        assert visit.violations == []
        running.stop()
        assert TOKEN not in running.log


def test_the_api_is_described_on_a_page(page_at: PageAt, folder: Path) -> None:
    with serving("--enable-api", folder=folder) as running:
        visit = page_at(f"{running.base}/docs")
        for path in ("/webhooks/rest/webhook", "/tracker/events", "/domain"):
            expect(visit.page.get_by_text(path).first).to_be_visible()
    assert visit.console_errors == []
    assert visit.violations == []
