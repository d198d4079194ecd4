"""Running a bot's own actions beside the engine: answers, refusals, failures, slowness."""

import asyncio
import sys
import threading
from collections.abc import AsyncGenerator, Callable
from typing import Any

import pytest

from tertulia.adapters.in_process.book import load_actions
from tertulia.adapters.in_process.runner import InProcessActions
from tertulia.base.errors import ActionRejected, ActionServerError
from tertulia.core.asks import ActionAnswer
from tertulia.core.events import SlotSet
from tertulia.core.ports import ActionServer

from .conftest import Write

CODE = """
    import asyncio
    import threading
    import time

    from tertulia.actions import action

    @action("action_book")
    async def book(ctx):
        await ctx.say("utter_booked", table=4)
        ctx.set_slot("size", ctx.domain["default_size"])

    @action("action_change_all")
    async def change_all(ctx):
        ctx.events[0]["value"] = "spoilt"
        ctx.slots["list"].append("spoilt")
        ctx.domain["intents"].clear()

    @action("action_reject")
    async def reject(ctx):
        ctx.set_slot("size", 1)
        ctx.reject("not now")

    @action("action_fail")
    async def fail(ctx):
        raise KeyError("what the user said")

    @action("action_fail_in_library")
    async def fail_in_library(ctx):
        int("no number")

    @action("action_exit")
    async def leave(ctx):
        raise SystemExit(3)

    @action("action_cancel")
    async def cancel(ctx):
        raise asyncio.CancelledError

    @action("action_return")
    async def back(ctx):
        return [{"event": "slot"}]

    @action("action_unknown_event")
    async def unknown(ctx):
        ctx.emit({"event": "earthquake"})
        ctx.set_slot("size", 1)

    @action("action_no_json")
    async def no_json(ctx):
        ctx.set_slot("size", object())

    sleeping, cancelled = threading.Event(), threading.Event()

    @action("action_sleep")
    async def sleep(ctx):
        sleeping.set()
        try:
            await asyncio.sleep(60)
        finally:
            cancelled.set()

    began, go_on = threading.Event(), threading.Event()

    @action("action_block")
    async def block(ctx):
        began.set()
        go_on.wait(60)

    @action("action_where")
    async def where(ctx):
        ctx.set_slot("thread", threading.get_ident())
"""

Start = Callable[..., InProcessActions]


def body(**tracker: Any) -> dict[str, Any]:
    return {
        "next_action": "x",
        "sender_id": "me",
        "tracker": {
            "sender_id": "me",
            "slots": {"list": [1]},
            "events": [{"event": "slot", "name": "list", "value": [1]}],
            **tracker,
        },
        "domain": {"default_size": 4, "intents": ["order"]},
        "version": "3.6.21",
    }


@pytest.fixture
async def start(project: Write) -> AsyncGenerator[Start]:
    folder = project(runner_actions=CODE)
    book = load_actions("runner_actions", folder)
    started: list[InProcessActions] = []

    def begin(timeout: float | None = 60.0) -> InProcessActions:
        started.append(InProcessActions(book, timeout=timeout))
        return started[-1]

    yield begin
    import_of("go_on").set()
    for each in started:
        await each.close()


def import_of(name: str) -> threading.Event:
    return getattr(sys.modules["runner_actions"], name)


def slots(answer: ActionAnswer) -> dict[str, Any]:
    return {event.name: event.value for event in answer.events if isinstance(event, SlotSet)}


def test_it_is_an_action_server(project: Write) -> None:
    book = load_actions("runner_actions", project(runner_actions=CODE))
    assert isinstance(InProcessActions(book, timeout=1), ActionServer)


async def test_what_an_action_says_and_does_is_its_answer(start: Start) -> None:
    answer = await start().run("action_book", body())
    assert slots(answer) == {"size": 4}
    assert answer.responses[0]["response"] == "utter_booked"
    assert answer.responses[0]["table"] == 4


async def test_an_action_cannot_change_what_the_engine_holds(start: Start) -> None:
    request = body()
    await start().run("action_change_all", request)
    assert request == body()


async def test_a_rejection_drops_what_was_done(start: Start) -> None:
    with pytest.raises(ActionRejected) as caught:
        await start().run("action_reject", body())
    assert (caught.value.action, caught.value.message) == ("action_reject", "not now")


async def test_an_unknown_action_names_the_nearest(start: Start) -> None:
    with pytest.raises(ActionServerError) as caught:
        await start().run("action_bok", body())
    assert caught.value.code == "T619"
    assert "Did you mean 'action_book'?" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "kind", "line"),
    [
        ("action_fail", "KeyError", "raise KeyError"),
        ("action_fail_in_library", "ValueError", 'int("no number")'),
        ("action_exit", "SystemExit", "raise SystemExit"),
        ("action_cancel", "CancelledError", "raise asyncio.CancelledError"),
    ],
)
async def test_a_failure_becomes_an_error_with_the_line_of_the_bots_code(
    start: Start, caplog: pytest.LogCaptureFixture, name: str, kind: str, line: str
) -> None:
    with pytest.raises(ActionServerError) as caught:
        await start().run(name, body())
    error = caught.value
    assert (error.code, error.message) == ("T620", f"the action '{name}' raised {kind}")
    assert error.at is not None
    assert error.at.file.endswith("runner_actions.py")
    assert line in CODE.splitlines()[error.at.line]
    (record,) = [each for each in caplog.records if "T620" in each.getMessage()]
    assert record.exc_info is not None
    assert "what the user said" not in record.getMessage()


async def test_the_next_action_runs_after_every_kind_of_failure(start: Start) -> None:
    runner = start()
    for name in ("action_fail", "action_exit", "action_cancel"):
        with pytest.raises(ActionServerError):
            await runner.run(name, body())
    assert slots(await runner.run("action_book", body())) == {"size": 4}


async def test_a_result_that_would_be_lost_is_a_failure(start: Start) -> None:
    with pytest.raises(ActionServerError) as caught:
        await start().run("action_return", body())
    assert isinstance(caught.value.__cause__, TypeError)


async def test_a_value_that_is_no_json_is_a_failure(start: Start) -> None:
    with pytest.raises(ActionServerError) as caught:
        await start().run("action_no_json", body())
    assert caught.value.code == "T620"


async def test_an_unknown_event_is_left_out_and_told(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await start().run("action_unknown_event", body())
    assert slots(answer) == {"size": 1}
    assert "T618" in caplog.text
    assert "earthquake" in caplog.text


async def test_a_slow_action_is_given_up_and_cancelled(start: Start) -> None:
    with pytest.raises(ActionServerError) as caught:
        await start(0.05).run("action_sleep", body())
    assert caught.value.code == "T621"
    assert "within 0.05 seconds" in caught.value.message
    assert await asyncio.to_thread(import_of("cancelled").wait, 10)


async def test_an_action_that_does_not_wait_holds_up_nobody_else(start: Start) -> None:
    runner = start()
    blocked = asyncio.create_task(runner.run("action_block", body()))
    assert await asyncio.to_thread(import_of("began").wait, 10)
    assert not blocked.done()
    import_of("go_on").set()
    assert slots(await blocked) == {}


async def test_an_action_that_does_not_wait_is_given_up_too(start: Start) -> None:
    with pytest.raises(ActionServerError) as caught:
        await start(0.05).run("action_block", body())
    assert caught.value.code == "T621"


async def test_actions_run_outside_the_engines_thread(start: Start) -> None:
    answer = await start().run("action_where", body())
    assert slots(answer)["thread"] != threading.get_ident()


async def test_a_call_that_is_cancelled_cancels_the_action(start: Start) -> None:
    runner = start()
    call = asyncio.create_task(runner.run("action_sleep", body()))
    assert await asyncio.to_thread(import_of("sleeping").wait, 10)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await asyncio.to_thread(import_of("cancelled").wait, 10)


def runner_is_idle() -> bool:
    return not any(thread.name == "actions" for thread in threading.enumerate())


async def test_closing_ends_the_thread(start: Start) -> None:
    runner = start()
    call = asyncio.create_task(runner.run("action_sleep", body()))
    assert await asyncio.to_thread(import_of("sleeping").wait, 10)
    await runner.close()
    assert runner_is_idle()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_closing_what_never_ran_is_no_fault(start: Start) -> None:
    runner = start()
    await runner.close()
    await runner.close()
    assert runner_is_idle()
