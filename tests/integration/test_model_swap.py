"""Models are exchanged under load: no request fails, and memory stays what it was."""

import itertools
import re
import threading
from pathlib import Path

import pytest

from tests.http.trained import trained

from .programs import Server, serving

SWAPS = 20
TALKERS = 4
ANSWERS = ("yo", "ahoy")


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    for answer in ANSWERS:
        (tmp_path / "models" / f"{answer}.tar.gz").write_bytes(trained(answer))
    return tmp_path


def swap(server: Server, number: int) -> None:
    server.client.models.load(f"models/{ANSWERS[number % 2]}.tar.gz")


def resident(pid: int) -> int:
    """Return the memory of a process in KiB."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1])


def test_no_request_fails_and_each_gets_an_answer_of_one_model(bot: Path) -> None:
    over = threading.Event()
    said: list[list[str]] = []
    failed: list[BaseException] = []

    def talk(sender: str) -> None:
        try:
            while not over.is_set():
                said.append(server.say("hi", sender=sender))
        except BaseException as error:  # noqa: BLE001 - told to the test below
            failed.append(error)

    with serving("--enable-api", "-m", "models/yo.tar.gz", folder=bot) as server:
        threads = [threading.Thread(target=talk, args=(f"u{n}",)) for n in range(TALKERS)]
        for thread in threads:
            thread.start()
        for number in range(1, SWAPS + 1):
            swap(server, number)
            told = len(said)
            while len(said) < told + TALKERS and not failed:
                over.wait(0.01)
        over.set()
        for thread in threads:
            thread.join()
    assert failed == []
    assert {tuple(answers) for answers in said} == {("yo",), ("ahoy",)}


def test_memory_after_twenty_exchanges_is_that_after_the_first(bot: Path) -> None:
    with serving("--enable-api", "-m", "models/yo.tar.gz", folder=bot) as server:
        for number in range(1, 4):
            swap(server, number)
            server.say("hi")
        first = resident(server.process.pid)
        for number in itertools.count(4):
            swap(server, number)
            server.say("hi")
            if number == 3 + SWAPS:
                break
        assert resident(server.process.pid) <= first * 1.1
