import subprocess
import sys

import msgspec
import numpy as np
import pytest

from tertulia.base.errors import ModelError
from tertulia.ml import beside
from tertulia.ml.beside import Beside
from tertulia.ml.margins import Practice
from tertulia.ml.network import Schedule
from tertulia.ml.orders import Task
from tertulia.ml.parts import Parts
from tertulia.ml.sparse import Csr, Row
from tertulia.ml.tagged import Corpus
from tertulia.ml.tagger import Allowed

FREE = [True, True]
MANY = 2000
ROWS: list[Row] = [([0, 2, 3], [1.0, 0.5, 0.25]), ([1, 2, 3], [1.0, 0.25, 0.5])] * 4


def margins() -> Task:
    matrix = Csr.of(ROWS, columns=4, dense=2)
    return Task.margins(matrix, np.asarray([0, 1] * 4), 2, Practice(epochs=3, batch=4))


def chain() -> Task:
    corpus = Corpus.of([[[0], [1]], [[1], [2]]], [[0, 1], [1, 0]], features=3)
    return Task.chain(corpus, 2, Allowed(FREE, FREE, [FREE, FREE]), Schedule(epochs=3, batch=2))


def content(parts: Parts) -> dict[str, bytes]:
    return {name: array.tobytes() for name, array in parts.arrays.items()}


@pytest.fixture(params=[margins, chain], ids=["margins", "chain"])
def task(request: pytest.FixtureRequest) -> Task:
    return request.param()


def test_another_process_learns_the_same_to_the_byte(task: Task, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(beside, "cores", lambda: 2)
    monkeypatch.setattr(Task, "fitted", None)
    begun = Beside(task, examples=MANY)
    found = begun.parts()
    monkeypatch.undo()
    assert begun.is_begun
    assert content(found) == content(task.fitted())


def test_a_task_comes_back_from_its_bytes(task: Task):
    assert content(Task.unpacked(task.packed()).fitted()) == content(task.fitted())


@pytest.mark.parametrize("data", [b"", b"\x02" + bytes(7) + b"{}", b"\xff" * 20])
def test_bytes_of_something_else_are_no_task(data: bytes):
    with pytest.raises((ModelError, msgspec.MsgspecError)):
        Task.unpacked(data)


@pytest.mark.parametrize(("count", "examples"), [(1, MANY), (2, 8)])
def test_little_work_or_one_core_needs_no_process(
    count: int, examples: int, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(beside, "cores", lambda: count)
    begun = Beside(margins(), examples=examples)
    assert not begun.is_begun
    assert content(begun.parts()) == content(margins().fitted())


@pytest.mark.parametrize("command", [("-c", "raise SystemExit(3)"), ("-c", "print('no arrays')")])
def test_what_comes_to_nothing_there_is_learned_here(
    command: tuple[str, str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(beside, "cores", lambda: 2)
    monkeypatch.setattr(beside, "_COMMAND", command)
    assert content(Beside(margins(), examples=MANY).parts()) == content(margins().fitted())


def test_where_no_process_can_begin_it_is_learned_here(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(beside, "cores", lambda: 2)
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert content(Beside(margins(), examples=MANY).parts()) == content(margins().fitted())


def test_it_ends_with_the_process_that_asked():
    """The asker dies while its apprentice still waits for the task."""
    asker = """
import os, subprocess, sys
command = [sys.executable, "-P", "-m", "tertulia.ml.apprentice", str(os.getpid())]
child = subprocess.Popen(command, stdin=0, stdout=subprocess.DEVNULL)
sys.stdout.write(str(child.pid))
"""
    # Its input stays open after the asker is gone, so nothing but the look at who asked ends it.
    with subprocess.Popen(
        [sys.executable, "-c", asker], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        pid = int(process.stdout.read())
        process.wait()
        assert ended(pid)


def ended(pid: int) -> bool:
    found = subprocess.run(
        ["timeout", "20", "tail", f"--pid={pid}", "-f", "/dev/null"], check=False
    )
    return found.returncode == 0
