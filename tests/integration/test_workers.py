"""Several processes serve one address: order, deaths, models, reminders, the end."""

import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tertulia.client import ServerRefused, ServerUnreachable
from tests.integration.programs import Server, copied, run, serving

Json = Any


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    assert run("train", "--fixed-model-name", "one", folder=bot).status == 0
    assert run("train", "--fixed-model-name", "two", "--force", folder=bot).status == 0
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


def together(bot: Path, *args: str | Path, workers: int = 3, **options: Any) -> Any:
    more = ("--enable-api", "--workers", str(workers), "-m", "models/one.tar.gz")
    return serving(*more, *args, folder=bot, **options)


def worker_ids(server: Server) -> set[int]:
    """Return the ids of the processes that serve."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    return {int(word) for word in children.read_text().split()}


def until(found: Callable[[], bool]) -> None:
    for _ in range(3600):
        if found():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen")


@contextmanager
def running(talkers: list[Callable[[], None]], ending: threading.Event) -> Iterator[None]:
    """Run each in a thread of its own, until the block is left."""
    threads = [threading.Thread(target=talker, daemon=True) for talker in talkers]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ending.set()
        for thread in threads:
            thread.join()


def serving_workers(server: Server) -> set[str]:
    """Return the indexes of the workers that show their figures."""
    text = server.ask("/metrics")[1]
    lines = [line for line in text.splitlines() if line.startswith("tertulia_model_loaded{")]
    return {line.split('worker="')[1].split('"')[0] for line in lines}


def all_serve(server: Server, workers: int = 3) -> None:
    until(lambda: len(serving_workers(server)) == workers)


def turns(log: list[Json]) -> list[list[Json]]:
    """Return the events of each user message, up to the next one."""
    found: list[list[Json]] = []
    for event in log:
        if event["event"] == "user":
            found.append([])
        if found:
            found[-1].append(event)
    return found


def is_whole(turn: list[Json]) -> bool:
    """Tell whether a turn ends with the bot listening, and listens only then."""
    listens = [event["event"] == "action" and event["name"] == "action_listen" for event in turn]
    return listens.count(True) == 1 and listens[-1]


def test_messages_of_one_conversation_never_interleave(bot: Path) -> None:
    said = [f"hello {number}" for number in range(120)]
    with together(bot) as server:
        all_serve(server)
        with ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda text: server.say(text, "busy"), said))
        taken = turns(server.events("busy"))
        assert Counter(turn[0]["text"] for turn in taken) == Counter(said)
        assert [turn for turn in taken if not is_whole(turn)] == []
        assert all(answers)
        workers = {
            line.split('worker="')[1][0]
            for line in server.ask("/metrics")[1].splitlines()
            if line.startswith('tertulia_turns_total{outcome="done"') and not line.endswith(" 0.0")
        }
        assert len(workers) > 1, "the clients were served by one process only"
        assert "T602" not in server.log
        assert server.stop() == 0


def test_a_conversation_continues_wherever_its_next_message_arrives(bot: Path) -> None:
    with together(bot) as server:
        all_serve(server)
        for _ in range(10):
            server.say("/restart", "me")
            server.say("hello", "me")
            server.say("I am sad", "me")
            assert server.say("no", "me") == [
                "Then let us sit quietly for a while. I am here if you need me."
            ]
        assert server.stop() == 0


def test_nothing_that_was_answered_is_lost_when_workers_are_killed(bot: Path) -> None:
    answered: dict[str, list[str]] = {f"c{number}": [] for number in range(8)}
    ending = threading.Event()

    def talk(server: Server, sender: str) -> None:
        number = 0
        while not ending.is_set():
            number += 1
            text = f"hello {number}"
            try:
                server.say(text, sender)
            except ServerUnreachable:
                continue  # the process that served it is gone
            answered[sender].append(text)

    with together(bot, workers=8) as server:
        all_serve(server, 8)
        with running([partial(talk, server, sender) for sender in answered], ending):
            for _ in range(6):
                before = worker_ids(server)
                victim = min(before)
                os.kill(victim, signal.SIGKILL)
                until(lambda gone=victim: gone not in worker_ids(server))
            all_serve(server, 8)
            marks = {sender: len(said) for sender, said in answered.items()}
            until(lambda: all(len(answered[sender]) > mark for sender, mark in marks.items()))
        for sender, said in answered.items():
            stored = [turn[0]["text"] for turn in turns(server.events(sender))]
            assert [text for text in said if text not in stored] == []
        assert server.log.count("T874 worker") == 6
        assert server.stop() == 0


def test_after_the_answer_every_worker_serves_the_new_model(bot: Path) -> None:
    def served(server: Server) -> Counter[str | None]:
        return Counter(server.client.status().model_file for _ in range(40))

    with together(bot) as server:
        all_serve(server)
        assert set(served(server)) == {"one.tar.gz"}
        for _ in range(3):
            server.client.models.load("models/two.tar.gz")
            assert set(served(server)) == {"two.tar.gz"}
            server.client.models.roll_back()
            assert set(served(server)) == {"one.tar.gz"}
        server.client.models.unload()
        assert {refused_status(server) for _ in range(40)} == {409}
        server.client.models.roll_back()
        assert set(served(server)) == {"one.tar.gz"}
        assert server.stop() == 0


def test_models_exchanged_at_once_by_two_workers_end_in_one(bot: Path) -> None:
    with together(bot) as server:
        all_serve(server)
        names = ["models/one.tar.gz", "models/two.tar.gz"] * 6
        with ThreadPoolExecutor(6) as pool:
            assert len(list(pool.map(server.client.models.load, names))) == len(names)
        found = {server.client.status().model_file for _ in range(60)}
        assert len(found) == 1
        assert server.stop() == 0


def test_a_worker_that_is_started_again_serves_the_model_of_the_others(bot: Path) -> None:
    with together(bot) as server:
        all_serve(server)
        server.client.models.load("models/two.tar.gz")
        (bot / "models" / "two.tar.gz").unlink()
        for victim in worker_ids(server):
            os.kill(victim, signal.SIGKILL)
            until(lambda gone=victim: gone not in worker_ids(server))
        all_serve(server)
        assert {server.client.status().model_file for _ in range(40)} == {"two.tar.gz"}
        assert server.stop() == 0


def test_workers_are_started_anew_without_a_request_that_fails(bot: Path) -> None:
    failures: list[object] = []
    ending = threading.Event()

    def talk(server: Server, sender: str) -> None:
        while not ending.is_set():
            try:
                server.say("hello", sender)
            except (ServerUnreachable, ServerRefused) as error:
                failures.append(error)

    with together(bot) as server:
        all_serve(server)
        before = worker_ids(server)
        with running([partial(talk, server, f"c{n}") for n in range(4)], ending):
            server.process.send_signal(signal.SIGHUP)
            until(lambda: "all workers were started anew" in server.log)
        assert worker_ids(server).isdisjoint(before)
        assert len(worker_ids(server)) == 3
        assert failures == []
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_workers(bot: Path, number: int) -> None:
    with together(bot) as server:
        all_serve(server)
        ids = worker_ids(server)
        assert server.stop(number) == 0
        assert "Traceback" not in server.log
    assert [pid for pid in ids if Path(f"/proc/{pid}").exists()] == []


def test_workers_end_when_the_process_that_started_them_is_killed(bot: Path) -> None:
    with together(bot) as server:
        all_serve(server)
        ids = worker_ids(server)
        server.stop(signal.SIGKILL)
        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in ids))


def test_a_mistake_is_told_once_and_ends_the_start(bot: Path) -> None:
    (bot / "credentials.yml").write_text("rest:\nno_such_channel:\n")
    done = run("run", "--workers", "3", folder=bot)
    assert done.status == 1
    assert done.err.count("T152") == 1


def test_conversations_in_memory_cannot_be_shared(bot: Path) -> None:
    done = run("run", "--store", "memory", folder=bot, env={"SANIC_WORKERS": "2"})
    assert done.status == 1
    assert "T872" in done.err


def test_socketio_is_served_by_one_process_alone(bot: Path) -> None:
    (bot / "credentials.yml").write_text("socketio:\n")
    done = run("run", "--workers", "2", folder=bot)
    assert done.status == 1
    assert "T872" in done.err
    assert "--connector rest" in done.err
    with together(bot, "--connector", "rest") as server:
        assert server.say("hello")


def test_each_line_of_the_log_names_its_worker(bot: Path) -> None:
    with together(bot, "--log-format", "json") as server:
        all_serve(server)
        server.say("hello")
        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
        assert {line["worker"] for line in lines if line["logger"] == "tertulia.turn"} <= set("012")
        assert server.stop() == 0


def refused_status(server: Server) -> int:
    with pytest.raises(ServerRefused) as caught:
        server.client.status()
    return caught.value.status
