"""The observer of a server: counts, times, and one line for each turn."""

import logging

import pytest

from tertulia.adapters.telemetry.meters import Meters
from tertulia.adapters.telemetry.watch import Watch
from tertulia.base.current import CURRENT
from tertulia.base.errors import StoreUnavailable
from tertulia.core.observer import UNOBSERVED, Observer


def test_a_turn_and_its_steps_are_counted() -> None:
    meters = Meters()
    watch: Observer = Watch(meters)
    with watch.turn("me"), watch.step("decide"):
        pass
    assert meters.turns["done"] == 1
    assert sum(meters.steps["decide"].counts) == 1
    assert sum(meters.turn_seconds.counts) == 1


def test_a_turn_that_fails_is_counted_by_the_code_of_its_error() -> None:
    meters = Meters()
    with pytest.raises(StoreUnavailable), Watch(meters).turn("me"):
        raise StoreUnavailable("gone")
    with pytest.raises(KeyError), Watch(meters).turn("me"):
        raise KeyError
    assert dict(meters.turn_errors) == {"T601": 1, "T000": 1}
    assert meters.turns["failed"] == 2


def test_the_log_knows_the_step_also_after_a_step_within_it() -> None:
    watch = Watch(Meters())
    with watch.turn("me"):
        turn = CURRENT.get()
        assert turn is not None
        with watch.step("act"):
            with watch.step("commit"):
                assert turn.step == "commit"
            assert turn.step == "act"
        assert turn.step == ""
    assert CURRENT.get() is None


def test_a_turn_writes_one_line_at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "tertulia.turn")
    watch = Watch(Meters())
    with watch.turn("me"), watch.step("decide"):
        pass
    (record,) = caplog.records
    fields = record.__dict__["fields"]()
    assert record.getMessage().startswith("turn done ")
    assert (fields["outcome"], list(fields["steps_ms"])) == ("done", ["decide"])


def test_each_step_writes_a_line_at_debug(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "tertulia.turn")
    with Watch(Meters()).step("decide"):
        pass
    assert caplog.messages[0].startswith("step decide ")


def test_who_looks_away_lets_errors_through() -> None:
    with pytest.raises(KeyError), UNOBSERVED.turn("me"), UNOBSERVED.step("act", "utter_hi"):
        raise KeyError
