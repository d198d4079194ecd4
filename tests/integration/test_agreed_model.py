"""Servers that share a PostgreSQL serve the model that one of them was told to serve."""

import asyncio
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.stores.servers import OWN, POSTGRES, need, postgres
from tests.http.trained import trained
from tests.integration.programs import Server, serving

Json = Any
DATABASE = f"{OWN}_agreed"
ENDPOINTS = f"""tracker_store:
  type: SQL
  dialect: postgresql
  url: {POSTGRES[0]}
  username: postgres
  db: {DATABASE}
  login_db: postgres
  pool_size: 2
"""
FIRST, SECOND = "yo", "ahoy"
Start = Callable[..., AbstractContextManager[Server]]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    need("PostgreSQL", POSTGRES)
    models = tmp_path / "all"
    models.mkdir()
    for answer in (FIRST, SECOND):
        path = models / f"{answer}.tar.gz"
        path.write_bytes(trained(answer))
    os.utime(models / f"{FIRST}.tar.gz")  # the newest is what a server begins with

    numbers = iter(range(100))

    def started(*options: str) -> AbstractContextManager[Server]:
        folder = tmp_path / f"server-{next(numbers)}"
        shutil.copytree(models, folder / "models")
        (folder / "endpoints.yml").write_text(ENDPOINTS)
        return serving("--enable-api", *options, folder=folder)

    yield started
    asyncio.run(postgres(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)'))


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def answers(server: Server, text: str) -> Callable[[], bool]:
    return lambda: server.say("hi", sender=str(time.monotonic())) == [text]


def test_a_change_on_one_server_is_followed_by_the_others_and_by_those_that_start(
    start: Start,
) -> None:
    with start() as first, start("--workers", "2") as second:
        assert answers(first, FIRST)()
        assert "agreed_model" not in first.ask("/status")[1]
        first.client.models.load(f"models/{SECOND}.tar.gz")
        assert answers(first, SECOND)()
        until(lambda: all(answers(second, SECOND)() for _ in range(8)))
        with start() as third, start("-m", f"models/{FIRST}.tar.gz") as fourth:
            assert answers(third, SECOND)()
            assert answers(fourth, FIRST)()
            assert "T888" in fourth.log
            second.client.models.roll_back()
            until(lambda: all(answers(each, FIRST)() for each in (first, second, third)))
            status = first.ask("/status")[1]["agreed_model"]
            assert status == {"number": 2, "name": f"{FIRST}.tar.gz", "is_served": True}
            fourth.client.models.unload()
            until(lambda: first.ask("/health/ready")[0] == 503)


def test_a_server_without_the_model_goes_on_with_its_own_and_tells(
    start: Start, tmp_path: Path
) -> None:
    with start() as first, start() as second:
        (tmp_path / "server-0" / "models" / "hey.tar.gz").write_bytes(trained(SECOND))
        first.client.models.load("models/hey.tar.gz")
        until(lambda: "T887" in second.log)
        assert answers(second, FIRST)()
        standing = second.ask("/status")[1]["agreed_model"]
        assert (standing["name"], standing["is_served"]) == ("hey.tar.gz", False)
        assert "'hey.tar.gz' is not in" in standing["problem"]
        figures = second.ask("/metrics")[1]
        assert "tertulia_model_agreed 0.0" in figures
        assert "tertulia_model_decision 1.0" in figures
