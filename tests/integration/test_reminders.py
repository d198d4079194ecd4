"""A reminder fires exactly once, whatever becomes of the server's process."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.integration.programs import Server, run, serving
from tests.integration.reminding import Actions, acting, write_bot

Json = Any

_OPTIONS = ("--enable-api", "--endpoints", "endpoints.yml")
_PATIENCE = 60.0


@pytest.fixture(scope="module")
def actions_and_bot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Actions, Path]]:
    with acting() as (actions, address):
        bot = write_bot(tmp_path_factory.mktemp("reminding") / "bot", address)
        done = run("train", folder=bot)
        assert done.status == 0, done.err
        yield actions, bot


@pytest.fixture
def bot(actions_and_bot: tuple[Actions, Path]) -> Path:
    """The trained bot, without conversations."""
    folder = actions_and_bot[1]
    for left in (folder / ".tertulia").glob("*"):
        left.unlink()
    return folder


@pytest.fixture
def actions(actions_and_bot: tuple[Actions, Path]) -> Actions:
    return actions_and_bot[0]


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def scheduled(bot: Path) -> int:
    """Count what is on the schedule."""
    with closing(sqlite3.connect(bot / ".tertulia" / "conversations.db")) as file:
        return file.execute("SELECT count(*) FROM reminders").fetchone()[0]


def rung(server: Server, sender: str = "me") -> list[str]:
    """Return the intents of external messages in a conversation."""
    users = (event for event in server.events(sender) if event["event"] == "user")
    external = (event for event in users if event["metadata"].get("is_external"))
    return [event["parse_data"]["intent"]["name"] for event in external]


def wait_past(due: float) -> None:
    while time.time() <= due:
        time.sleep(0.05)


def test_a_reminder_outlives_a_killed_server_and_fires_once_at_the_next_start(
    actions: Actions, bot: Path
) -> None:
    actions.reminders = [{"name": "r", "intent": "ring"}]
    with serving(*_OPTIONS, folder=bot) as server:
        actions.due = time.time() + 5
        server.say("/schedule")
        assert scheduled(bot) == 1
        server.stop(signal.SIGKILL)
    wait_past(actions.due)
    with serving(*_OPTIONS, folder=bot) as server:
        until(lambda: rung(server) == ["ring"])
        until(lambda: scheduled(bot) == 0)
        server.stop(signal.SIGKILL)
    with serving(*_OPTIONS, folder=bot) as server:
        assert server.say("/hello", "somebody else") == ["Hello."]
        assert rung(server) == ["ring"]
        assert server.stop() == 0


def test_a_reminder_whose_turn_is_killed_does_not_fire_again(actions: Actions, bot: Path) -> None:
    actions.reminders = [{"name": "r", "intent": "work"}]
    actions.due = time.time()
    with serving(*_OPTIONS, folder=bot) as server:
        server.say("/schedule")
        assert actions.working.wait(_PATIENCE)
        server.stop(signal.SIGKILL)
    actions.work_done.set()
    with serving(*_OPTIONS, folder=bot) as server:
        assert server.say("/hello", "somebody else") == ["Hello."]
        assert rung(server) == ["work"]
        assert server.stop() == 0
    assert (actions.work, scheduled(bot)) == (1, 0)


def test_cancelled_and_outdated_reminders_do_not_fire_after_a_restart(
    actions: Actions, bot: Path
) -> None:
    actions.reminders = [
        {"name": "a", "intent": "ring", "kill_on_user_msg": True},
        {"name": "b", "intent": "ring", "kill_on_user_msg": True},
    ]
    with serving(*_OPTIONS, folder=bot) as server:
        actions.due = time.time() + 5
        server.say("/schedule", "cancelling")
        server.say("/cancel", "cancelling")
        server.say("/schedule", "talking")
        server.say("/hello", "talking")
        assert scheduled(bot) == 2
        server.stop(signal.SIGKILL)
    wait_past(actions.due)
    with serving(*_OPTIONS, folder=bot) as server:
        until(lambda: scheduled(bot) == 0)
        assert rung(server, "cancelling") == []
        assert rung(server, "talking") == []


def test_a_reminder_of_the_same_name_takes_the_place_of_the_first(
    actions: Actions, bot: Path
) -> None:
    with serving(*_OPTIONS, folder=bot) as server:
        for intent, seconds in (("hello", 3600.0), ("ring", 0.0)):
            actions.reminders = [{"name": "r", "intent": intent, "kill_on_user_msg": False}]
            actions.due = time.time() + seconds
            server.say("/schedule")
        until(lambda: rung(server) == ["ring"])
        until(lambda: scheduled(bot) == 0)
        assert server.stop() == 0


def test_several_workers_fire_a_reminder_once_and_also_when_the_one_that_leads_is_killed(
    actions: Actions, bot: Path
) -> None:
    actions.reminders = [{"name": "r", "intent": "ring", "kill_on_user_msg": False}]
    with serving(*_OPTIONS, "--workers", "3", folder=bot) as server:
        people = [f"u{number}" for number in range(6)]
        actions.due = time.time() + 4
        for person in people:
            server.say("/schedule", person)
        children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
        os.kill(int(children.read_text().split()[0]), signal.SIGKILL)  # it started first, and leads
        wait_past(actions.due)
        until(lambda: scheduled(bot) == 0)
        until(lambda: all(rung(server, person) for person in people))
        assert [rung(server, person) for person in people] == [["ring"]] * 6
        assert server.stop() == 0
