"""One form, one conversation, and its actions run in every way: what is stored is the same.

The peer is an unmodified rasa-sdk in an environment of its own.
"""

import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.integration.peer_sdk import sdk_server
from tests.integration.programs import TERTULIA, copied, run, serving

Json = Any

ROOT = Path(__file__).parents[2]
PROGRAM = "import sys; sys.path.append(sys.argv.pop(1)); from tertulia.cli.main import main; main()"

SAID = (
    "hello",
    "I want to book a table",
    "mexican please",
    "italian",
    "when do you close?",
    "we are 99 people",
    "thanks",
    "for four",
    "stop",
    "no",
    "yes please",
    "a quiet corner",
    "a table for 3, indian please",
    "rather not",
    "nothing",
    "can I reserve a table?",
    "forget it",
    "yes",
)
"""Refused values, a question in between, a rejected form, stopping, and two reservations."""

pytestmark = [pytest.mark.peer, pytest.mark.slow]


@pytest.fixture(scope="module")
def formbot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("formbot", tmp_path_factory.mktemp("bots"))
    assert run("train", folder=bot).status == 0
    return bot


@pytest.fixture(scope="module")
def on_the_sdk(formbot: Path, sdk_python: Path) -> list[Json]:
    """Return what is stored when the SDK's own server runs the actions."""
    with sdk_server(sdk_python, formbot) as webhook:
        return stored(formbot, url=webhook)


def stored(
    bot: Path,
    *options: str,
    url: str | None = None,
    command: tuple[str, ...] = (*TERTULIA, "run"),
) -> list[Json]:
    """Lead the conversation, and return the stored events without what differs every time."""
    endpoint = f"url: {url}" if url else "module: actions"
    (bot / "endpoints.yml").write_text(f"action_endpoint:\n  {endpoint}\n")
    arguments = ("--enable-api", "--store", "memory", *options)
    with serving(*arguments, folder=bot, command=command) as server:
        for text in SAID:
            server.say(text)
        events = server.events()
        assert "failed" not in server.log
        server.stop()
    for event in events:
        event["timestamp"] = 0
        for holder in (event, event.get("parse_data", {})):
            holder.pop("message_id", None)
    return events


def test_the_conversation_goes_everywhere_it_should(on_the_sdk: list[Json]) -> None:
    names = [event.get("name") for event in on_the_sdk if event["event"] == "action"]
    rejected = [e for e in on_the_sdk if e["event"] == "action_execution_rejected"]
    said = " ".join(event["text"] or "" for event in on_the_sdk if event["event"] == "bot")
    assert names.count("action_book_table") == 2
    assert "action_deactivate_loop" in names
    assert rejected
    assert "We do not cook mexican here." in said
    assert len(re.findall(r"Your reference is [0-9A-F]{6}\.", said)) == 2


def test_actions_in_process_store_the_same(formbot: Path, on_the_sdk: list[Json]) -> None:
    assert stored(formbot) == on_the_sdk


def test_actions_in_process_named_on_the_command_line_store_the_same(
    formbot: Path, on_the_sdk: list[Json]
) -> None:
    nowhere = "http://127.0.0.1:1/webhook"
    assert stored(formbot, "--actions", "actions", url=nowhere) == on_the_sdk


def test_actions_served_to_others_store_the_same(formbot: Path, on_the_sdk: list[Json]) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(serving(folder=formbot, command=(*TERTULIA, "run", "actions")))
        assert stored(formbot, url=f"{server.base}/webhook") == on_the_sdk
        assert server.stop() == 0


def test_actions_written_for_the_sdk_store_the_same_in_process(
    formbot: Path, on_the_sdk: list[Json], sdk_python: Path
) -> None:
    question = "import sys, sysconfig; print(sys.version_info[:2], sysconfig.get_path('purelib'))"
    asked = subprocess.run(
        [sdk_python, "-c", question], capture_output=True, encoding="utf-8", check=True
    )
    version, _, packages = asked.stdout.strip().rpartition(" ")
    if version != str(sys.version_info[:2]):
        pytest.skip(f"the SDK is installed for another Python: {version}")
    command = (sys.executable, "-c", PROGRAM, packages, "run")
    assert stored(formbot, "--actions", "actions_rasa_sdk", command=command) == on_the_sdk
