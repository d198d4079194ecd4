"""Actions written for the SDK, on a stand-in that has the few parts of it that are used.

The real one runs in the integration tests.
"""

import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tertulia.adapters.in_process.book import load_actions
from tertulia.adapters.in_process.runner import InProcessActions
from tertulia.base.errors import ActionRejected, ActionServerError, ComponentError
from tertulia.core.events import SlotSet

from .conftest import Write

INTERFACES = """
    from abc import ABC, abstractmethod

    class Action(ABC):
        @abstractmethod
        def name(self): ...

        @abstractmethod
        def run(self, dispatcher, tracker, domain): ...

    class Validation(Action, ABC):
        def name(self):
            return "action_of_the_framework"

        def run(self, dispatcher, tracker, domain):
            return []

    class ActionExecutionRejection(Exception):
        def __init__(self, action_name, message=None):
            self.action_name, self.message = action_name, message

        def __str__(self):
            return self.message
"""
EXECUTOR = """
    import inspect

    class Result:
        def __init__(self, events, responses):
            self.events, self.responses = events, responses

    class ActionExecutor:
        result = Result

        def __init__(self):
            self.actions = {}

        def register_action(self, kind):
            action = kind()
            self.actions[action.name()] = action.run

        async def run(self, call):
            responses = []
            tracker, domain = call["tracker"], call["domain"]
            found = self.actions[call["next_action"]](responses, tracker, domain)
            events = await found if inspect.iscoroutine(found) else found
            return self.result(events or [], responses)
"""
ACTIONS = """
    import threading

    from rasa_sdk import Action
    from rasa_sdk.interfaces import ActionExecutionRejection

    class Base(Action):
        def name(self):
            return self.called

    class Blocking(Base):
        called = "action_block"

        def run(self, dispatcher, tracker, domain):
            dispatcher.append({"response": "utter_done"})
            value = [threading.current_thread().name, domain["size"]]
            tracker["slots"]["x"] = "spoilt"
            return [{"event": "slot", "name": "at", "value": value}]

    class Waiting(Base):
        called = "action_wait"

        async def run(self, dispatcher, tracker, domain):
            value = threading.current_thread().name
            return [{"event": "slot", "name": "at", "value": value}]

    class Rejecting(Base):
        called = "action_reject"

        def run(self, dispatcher, tracker, domain):
            raise ActionExecutionRejection("action_reject", "not now")

    class Failing(Base):
        called = "action_fail"

        def run(self, dispatcher, tracker, domain):
            return 1 / 0

    class Leaving(Base):
        called = "action_exit"

        def run(self, dispatcher, tracker, domain):
            raise SystemExit(1)
"""
DERIVED = """
    from rasa_sdk.interfaces import Validation

    class ValidatePizza(Validation):
        def name(self):
            return "validate_pizza"
"""
BODY: dict[str, Any] = {
    "tracker": {"sender_id": "me", "slots": {"x": 1}},
    "domain": {"size": 4},
}


@pytest.fixture(autouse=True)
def stand_in(project: Write) -> Iterator[None]:
    """Put the stand-in where the SDK would be found, were it installed."""
    if "rasa_sdk" in sys.modules:
        pytest.skip("rasa-sdk itself is imported")
    folder = project(
        rasa_sdk__init="from rasa_sdk.interfaces import Action",
        rasa_sdk__interfaces=INTERFACES,
        rasa_sdk__executor=EXECUTOR,
    )
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


async def answer(folder: Any, name: str) -> Any:
    runner = InProcessActions(load_actions("sdk_actions", folder), timeout=30)
    try:
        return await runner.run(name, BODY)
    finally:
        await runner.close()


def test_finished_classes_are_found_and_those_of_the_framework_are_not(project: Write) -> None:
    folder = project(sdk_actions__init="", sdk_actions__a=ACTIONS, sdk_actions__b=DERIVED)
    assert sorted(load_actions("sdk_actions", folder).runs) == [
        "action_block",
        "action_exit",
        "action_fail",
        "action_reject",
        "action_wait",
        "validate_pizza",
    ]


async def test_a_blocking_action_runs_in_a_thread_of_its_own(project: Write) -> None:
    found = await answer(project(sdk_actions=ACTIONS), "action_block")
    (event,) = found.events
    assert isinstance(event, SlotSet)
    assert event.value == ["action", 4]
    assert found.responses == [{"response": "utter_done"}]


async def test_it_cannot_change_what_the_engine_holds(project: Write) -> None:
    await answer(project(sdk_actions=ACTIONS), "action_block")
    assert BODY["tracker"]["slots"] == {"x": 1}


async def test_an_action_that_waits_runs_beside_the_others(project: Write) -> None:
    (event,) = (await answer(project(sdk_actions=ACTIONS), "action_wait")).events
    assert event.value == "actions"
    assert threading.current_thread().name != "actions"


async def test_the_answer_of_an_older_executor_is_read(project: Write) -> None:
    older = EXECUTOR.replace("result = Result", "result = staticmethod(lambda e, r: dict("
                             "events=e, responses=r))")  # fmt: skip
    folder = project(rasa_sdk__executor=older, sdk_actions=ACTIONS)
    assert len((await answer(folder, "action_wait")).events) == 1


async def test_its_rejection_is_a_rejection(project: Write) -> None:
    with pytest.raises(ActionRejected) as caught:
        await answer(project(sdk_actions=ACTIONS), "action_reject")
    assert (caught.value.action, caught.value.message) == ("action_reject", "not now")


@pytest.mark.parametrize("name", ["action_fail", "action_exit"])
async def test_its_failure_is_placed_in_the_bots_code(project: Write, name: str) -> None:
    with pytest.raises(ActionServerError) as caught:
        await answer(project(sdk_actions=ACTIONS), name)
    assert caught.value.code == "T620"
    assert caught.value.at is not None
    assert caught.value.at.file.endswith("sdk_actions.py")


def test_two_of_one_name_are_refused_with_both_places(project: Write) -> None:
    folder = project(sdk_actions__init="", sdk_actions__a=DERIVED, sdk_actions__b=DERIVED)
    with pytest.raises(ComponentError) as caught:
        load_actions("sdk_actions", folder)
    assert caught.value.code == "T509"
    assert "a.py:3" in caught.value.message
    assert "b.py:3" in caught.value.message
