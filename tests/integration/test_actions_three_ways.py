"""One form, one conversation, and its actions run in every way: what is stored is the same.

The peer is an unmodified rasa-sdk in an environment of its own: that of RASA_SDK_PYTHON, or one
made once in `.tools/rasa-sdk`.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.programs import TERTULIA, copied, run, serving

Json = Any

ROOT = Path(__file__).parents[2]
SDK = "rasa-sdk==3.21.1"
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


@pytest.fixture(scope="session")
def sdk_python() -> Path:
    """Return a Python that has rasa-sdk."""
    if named := os.environ.get("RASA_SDK_PYTHON"):
        return Path(named)
    folder = ROOT / ".tools" / "rasa-sdk"
    python = folder / "bin" / "python"
    marker = folder / f"{SDK}.installed"
    if not marker.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", SDK]
        done = subprocess.run(install, capture_output=True, encoding="utf-8", check=False)
        if done.returncode and not os.environ.get("CI"):
            pytest.skip(f"{SDK} cannot be installed here: {done.stderr[-200:]}")
        assert done.returncode == 0, done.stderr
        marker.touch()
    return python


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


@contextmanager
def sdk_server(python: Path, bot: Path) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [python, "-m", "rasa_sdk", "--actions", "actions_rasa_sdk", "--port", str(port)]
    with (bot / "sdk-output.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=bot, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, (bot / "sdk-output.log").read_text()
                assert time.monotonic() < deadline, "the action server does not answer"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        process.terminate()
        process.wait(30)


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
        _, tracker = server.ask("/conversations/me/tracker?include_events=ALL")
        assert "failed" not in server.log
        server.stop()
    events: list[Json] = tracker["events"]
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
