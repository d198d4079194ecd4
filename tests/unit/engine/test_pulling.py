"""A model server is followed: what it has is served, and its faults change nothing."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tertulia.base.errors import ModelServerError
from tertulia.engine import pulling as module
from tertulia.engine.keeper import ModelKeeper
from tertulia.engine.pulling import Pulling
from tertulia.model.packed import Packed, Pulled
from tertulia.schema.endpoints import ModelEndpoint
from tests.unit.engine.test_keeper import load, name_of

FAULT = ModelServerError("broken")


class Script:
    """A model server that answers what it is told, in order, then that there is nothing new."""

    def __init__(self, *answers: Pulled | ModelServerError | None) -> None:
        self.answers = list(answers)
        self.tags: list[str | None] = []
        self.is_closed = False

    async def pull(self, tag: str | None) -> Pulled | None:
        self.tags.append(tag)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, ModelServerError):
            raise answer
        return answer

    async def close(self) -> None:
        self.is_closed = True


def pulled(name: str, data: bytes = b"x") -> Pulled:
    return Pulled(Packed(name, data), f"tag-{name}")


def endpoint(wait: float | None) -> ModelEndpoint:
    return ModelEndpoint(url="http://m/", wait_time_between_pulls=wait)


def following(source: Script) -> tuple[ModelKeeper, Pulling]:
    keeper = ModelKeeper(load=load)
    return keeper, Pulling(keeper, lambda _: source)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that were to be waited; none of them passes."""
    found: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        found.append(seconds)
        await sleep(0)

    monkeypatch.setattr(module.asyncio, "sleep", note)
    return found


async def until(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.to_thread(lambda: None)


async def test_the_first_model_is_served_when_the_start_returns() -> None:
    source = Script(pulled("one"))
    keeper, following_it = following(source)
    await following_it.start(endpoint(100.0))
    assert name_of(keeper) == "one"
    await following_it.stop()
    assert source.is_closed


async def test_each_pull_names_the_model_that_is_here(pauses: list[float]) -> None:
    source = Script(pulled("one"), None, pulled("two"), None)
    keeper, following_it = following(source)
    await following_it.start(endpoint(10.0))
    await until(lambda: len(source.tags) >= 5)
    await following_it.stop()
    assert name_of(keeper) == "two"
    assert source.tags[:5] == [None, "tag-one", "tag-one", "tag-two", "tag-two"]
    assert set(pauses) == {10.0}


async def test_a_failing_server_is_asked_less_and_less_often(pauses: list[float]) -> None:
    source = Script(pulled("one"), *[FAULT] * 7, pulled("two"))
    keeper, following_it = following(source)
    await following_it.start(endpoint(10.0))
    await until(lambda: name_of(keeper) == "two")
    await following_it.stop()
    assert pauses[:8] == [10.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]


async def test_a_model_that_cannot_be_used_leaves_the_old_one_and_its_tag(
    pauses: list[float],
) -> None:
    source = Script(pulled("one"), pulled("broken", b""), None)
    keeper, following_it = following(source)
    await following_it.start(endpoint(10.0))
    await until(lambda: len(source.tags) >= 3)
    await following_it.stop()
    assert name_of(keeper) == "one"
    assert source.tags[:3] == [None, "tag-one", "tag-one"]


@pytest.mark.parametrize("wait", [None, 0.0])
async def test_without_an_interval_a_model_is_pulled_once(wait: float | None) -> None:
    source = Script(pulled("one"), pulled("two"))
    keeper, following_it = following(source)
    await following_it.start(endpoint(wait))
    await asyncio.sleep(0)
    await following_it.stop()
    assert name_of(keeper) == "one"
    assert source.tags == [None]


async def test_a_single_pull_is_tried_until_the_server_answers(pauses: list[float]) -> None:
    source = Script(FAULT, FAULT, pulled("one"), pulled("two"))
    keeper, following_it = following(source)
    await following_it.start(endpoint(None))
    await until(lambda: name_of(keeper) == "one")
    await following_it.stop()
    assert pauses == [1.0, 2.0]
    assert len(source.tags) == 3


async def test_a_start_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(Script):
        async def pull(self, tag: str | None) -> Pulled | None:
            await asyncio.Event().wait()
            return None

    monkeypatch.setattr(module, "FIRST_PULL", 0.01)
    keeper, following_it = following(Hanging())
    await following_it.start(endpoint(10.0))
    assert keeper.assistant is None
    await following_it.stop()


async def test_another_server_takes_over_when_its_model_is_served() -> None:
    first, second = Script(pulled("one")), Script(pulled("two"))
    sources = iter([first, second])
    keeper = ModelKeeper(load=load)
    following_it = Pulling(keeper, lambda _: next(sources))
    await following_it.start(endpoint(100.0))
    await following_it.switch(endpoint(100.0))
    assert name_of(keeper) == "two"
    assert (first.is_closed, second.is_closed) == (True, False)
    await following_it.stop()
    assert second.is_closed


@pytest.mark.parametrize("answer", [FAULT, None])
async def test_a_server_without_a_model_does_not_take_over(
    answer: ModelServerError | None,
) -> None:
    first, second = Script(pulled("one")), Script(answer)
    sources = iter([first, second])
    keeper = ModelKeeper(load=load)
    following_it = Pulling(keeper, lambda _: next(sources))
    await following_it.start(endpoint(100.0))
    with pytest.raises(ModelServerError):
        await following_it.switch(endpoint(100.0))
    assert name_of(keeper) == "one"
    assert (first.is_closed, second.is_closed) == (False, True)
    await following_it.stop()
