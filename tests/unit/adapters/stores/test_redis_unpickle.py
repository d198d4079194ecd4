"""Pickles of the originals are read without building anything but plain values."""

import os
import pickle
import sys
import types
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.adapters.stores.redis.unpickle import read_pickle
from tertulia.base.errors import StoreUnavailable
from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    ReminderScheduled,
    SlotSet,
    UserUttered,
)

CLASSES = {
    "rasa_core.conversation": ("Dialogue",),
    "rasa_core.events": (
        "UserUttered", "BotUttered", "SlotSet", "ActionExecuted", "Form", "ReminderScheduled",
    ),
}  # fmt: skip


@pytest.fixture
def originals() -> Iterator[dict[str, Any]]:
    """Classes with the names of the originals, gone before anything is read."""
    made: dict[str, Any] = {}
    for module_name, names in CLASSES.items():
        module = types.ModuleType(module_name)
        for name in names:
            made[name] = type(name, (), {"__module__": module_name})
            setattr(module, name, made[name])
        sys.modules[module_name] = module
    yield made
    for module_name in CLASSES:
        sys.modules.pop(module_name, None)


def record(kind: type, **attributes: object) -> object:
    made = kind()
    vars(made).update(attributes)
    return made


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_dialogue_becomes_its_events(originals: dict[str, Any], protocol: int) -> None:
    parsed = {"intent": {"name": "greet"}, "entities": [], "text": "hi"}
    when = datetime(2030, 1, 1, tzinfo=UTC).replace(tzinfo=None)
    events = deque(
        [
            record(originals["ActionExecuted"], action_name="action_listen", policy=None,
                   confidence=None, timestamp=1.0),
            record(originals["UserUttered"], text="hi", parse_data=parsed, intent={}, entities=[],
                   input_channel="rest", message_id="1", timestamp=2.0),
            record(originals["SlotSet"], key="size", value=["L", 1], timestamp=3.0),
            record(originals["BotUttered"], text="hello", data=None, timestamp=4.0),
            record(originals["Form"], name="order", timestamp=5.0),
            record(originals["ReminderScheduled"], action_name="utter_x", trigger_date_time=when,
                   name="r", kill_on_user_message=False, timestamp=6.0),
        ]
    )  # fmt: skip
    dialogue = record(originals["Dialogue"], name="ann", events=events)
    content = pickle.dumps(dialogue, protocol)
    for module_name in CLASSES:
        del sys.modules[module_name]
    assert read_pickle(content, "ann") == [
        ActionExecuted(timestamp=1.0, name="action_listen"),
        UserUttered(
            timestamp=2.0, text="hi", parse_data=parsed, input_channel="rest", message_id="1"
        ),
        SlotSet(timestamp=3.0, name="size", value=["L", 1]),
        BotUttered(timestamp=4.0, text="hello", data=None),
        ActiveLoop(timestamp=5.0, name="order"),
        ReminderScheduled(
            timestamp=6.0,
            action="utter_x",
            date_time="2030-01-01T00:00:00",
            name="r",
            kill_on_user_msg=False,
        ),
    ]


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("made-by-a-pickle",)


def test_a_pickle_that_runs_something_is_refused_and_runs_nothing(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(StoreUnavailable, match=r"T640: .*posix\.mkdir|nt\.mkdir"):
            read_pickle(pickle.dumps(Hostile(), protocol), "ann")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("value", [[], {"events": []}, 1, "text", {1, 2}])
def test_a_pickle_of_something_else_is_refused(value: object) -> None:
    with pytest.raises(StoreUnavailable, match="T640"):
        read_pickle(pickle.dumps(value), "ann")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x8d" + b"\xff" * 8, id="a text of more than every machine holds"),
        pytest.param(b"\x96" + (1 << 40).to_bytes(8, "little"), id="bytes of a terabyte"),
        pytest.param(b"Nr\xff\xff\xff\xff.", id="a memory of four thousand million places"),
        pytest.param(b"Np99999999999999999999999999\n.", id="a place beyond every memory"),
    ],
)
def test_sizes_that_only_claim_to_be_there_are_refused(content: bytes) -> None:
    with pytest.raises(StoreUnavailable, match="T640"):
        read_pickle(b"\x80\x04" + content, "ann")


@given(st.binary(max_size=200))
def test_any_bytes_are_survived(content: bytes) -> None:
    with suppress(StoreUnavailable):
        read_pickle(b"\x80\x04" + content, "ann")
