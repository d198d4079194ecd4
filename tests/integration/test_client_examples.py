"""The examples on the page of the client are run, against the bot that the page names."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import Block, blocks
from tests.integration.programs import Server, copied, run, serving

PAGE = "use-the-client.md"
ADDRESS = "http://localhost:5005"
EXAMPLES = [block for block in blocks("python") if block.page.name == PAGE]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    bot = copied("smalltalk", tmp_path_factory.mktemp("client"))
    assert run("train", folder=bot).status == 0
    with serving("--enable-api", folder=bot) as found:
        yield found


def printed(server: Server, block: Block) -> list[str]:
    """Run an example as its reader does; return the lines it prints."""
    assert ADDRESS in block.text
    done = subprocess.run(
        [sys.executable, "-c", block.text.replace(ADDRESS, server.base)],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{block.name}:\n{done.stderr}"
    return done.stdout.splitlines()


def test_what_is_said_is_answered_and_the_slots_are_shown(server: Server) -> None:
    heard = printed(server, EXAMPLES[0])
    assert heard[0].startswith("Welcome")
    assert heard[-1] == str(server.client.conversation("me").tracker().slots)


def test_answers_are_streamed_to_code_that_awaits(server: Server) -> None:
    assert printed(server, EXAMPLES[1])[0].startswith("Welcome")


def test_a_change_is_made_where_nobody_was_faster(server: Server) -> None:
    assert printed(server, EXAMPLES[2]) == []
    (slot,) = [event for event in server.events() if event["event"] == "slot"][-1:]
    assert repr(slot["name"]).replace("'", '"') in EXAMPLES[2].text
    assert repr(slot["value"]).replace("'", '"') in EXAMPLES[2].text


def test_the_page_has_no_other_examples() -> None:
    assert [Path(block.page).name for block in EXAMPLES] == [PAGE] * 3
