"""What every tracker store has to do about reminders: one schedule, changed with the log."""

from pathlib import Path

import pytest

from tertulia.base.errors import StoreConflict
from tertulia.core.ports import TrackerStore
from tertulia.core.reminders import Cancellation, Reminder, ScheduleChange, Step
from tertulia.testing.store_case import EMPTY, StoreCase, numbered, numbers


def reminder(name: str, due: float, sender_id: str = "a", *, intent: str = "ring") -> Reminder:
    """Return a reminder with every field filled."""
    return Reminder(
        sender_id=sender_id,
        name=name,
        due=due,
        intent=intent,
        entities=({"entity": "topic", "value": {"any": ["json", 1, None, "é"]}},),
        kill_on_user_msg=False,
        channel="callback",
    )


def steps(*steps: Step) -> ScheduleChange:
    """Return a change of these steps."""
    return ScheduleChange(steps=steps)


class ScheduleSuite(StoreCase):
    """Reminders come and go in the transactions of events."""

    async def _names(self, store: TrackerStore) -> list[str]:
        return [each.name for each in await store.list_reminders(limit=99)]

    async def test_reminders_are_listed_with_all_they_say_the_earliest_first(
        self, store: TrackerStore
    ) -> None:
        """Those of one time in the order of conversations, then of names."""
        bare = Reminder(sender_id="a", name="bare", due=7.25, action="utter_x")
        first = steps(reminder("late", 9.5), reminder("y", 8.0), reminder("x", 8.0), bare)
        await store.append("a", numbered(1, 1), expected=0, schedule=first)
        other = steps(reminder("x", 8.0, "b"))
        await store.append("b", numbered(1, 1), expected=0, schedule=other)
        assert list(await store.list_reminders(limit=99)) == [
            bare,
            reminder("x", 8.0),
            reminder("y", 8.0),
            reminder("x", 8.0, "b"),
            reminder("late", 9.5),
        ]

    @pytest.mark.parametrize("limit", [1, 2, 3, 5])
    async def test_pages_of_reminders_add_up_to_the_whole_list(
        self, store: TrackerStore, limit: int
    ) -> None:
        """Also when the last one of a page has gone meanwhile."""
        names = ["a", "b", "c", "d", "e"]
        change = steps(*(reminder(name, 5.0) for name in names))
        version = await store.append("a", numbered(1, 1), expected=0, schedule=change)
        found: list[Reminder] = []
        while page := await store.list_reminders(after=found[-1] if found else None, limit=limit):
            assert len(page) <= limit
            found.extend(page)
            gone = ScheduleChange(fired=page[-1])
            await store.append("a", [], expected=version, schedule=gone)
        assert [each.name for each in found] == names
        assert list(await store.list_reminders(limit=0)) == []

    async def test_a_reminder_replaces_the_one_of_its_name_in_its_conversation(
        self, store: TrackerStore
    ) -> None:
        """And leaves those of other conversations alone."""
        await store.append("a", numbered(1, 1), expected=0, schedule=steps(reminder("x", 5.0)))
        other = steps(reminder("x", 6.0, "b"))
        await store.append("b", numbered(1, 1), expected=0, schedule=other)
        await store.append("a", numbered(2, 2), expected=1, schedule=steps(reminder("x", 9.0)))
        found = await store.list_reminders(limit=99)
        assert list(found) == [reminder("x", 6.0, "b"), reminder("x", 9.0)]

    async def test_a_cancellation_drops_what_matches_in_its_conversation_only(
        self, store: TrackerStore
    ) -> None:
        """Steps are taken in order."""
        other = steps(reminder("w", 1.0, "b"))
        await store.append("b", numbered(1, 1), expected=0, schedule=other)
        change = steps(
            reminder("x", 2.0),
            reminder("y", 3.0, intent="wake"),
            Cancellation(intent="ring"),
            reminder("z", 4.0),
        )
        await store.append("a", numbered(1, 1), expected=0, schedule=change)
        assert await self._names(store) == ["w", "y", "z"]
        await store.append("a", numbered(2, 2), expected=1, schedule=steps(Cancellation()))
        assert await self._names(store) == ["w"]

    async def test_a_refused_append_leaves_the_schedule_alone(self, store: TrackerStore) -> None:
        """As it leaves the log."""
        await store.append("a", numbered(1, 1), expected=0, schedule=steps(reminder("x", 5.0)))
        change = steps(Cancellation(), reminder("y", 6.0))
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(2, 2), expected=0, schedule=change)
        assert await self._names(store) == ["x"]

    async def test_what_fired_goes_with_the_events_of_its_firing(self, store: TrackerStore) -> None:
        """And may be scheduled again by them."""
        fired = reminder("x", 5.0)
        await store.append("a", numbered(1, 1), expected=0, schedule=steps(fired))
        again = reminder("x", 15.0)
        change = ScheduleChange(fired=fired, steps=(again,))
        await store.append("a", numbered(2, 2), expected=1, schedule=change)
        assert list(await store.list_reminders(limit=9)) == [again]
        await store.append("a", [], expected=2, schedule=ScheduleChange(fired=again))
        assert list(await store.list_reminders(limit=9)) == []

    async def test_a_reminder_cannot_fire_twice(self, store: TrackerStore) -> None:
        """The second firing is refused with all its events, whatever version it expects."""
        fired = reminder("x", 5.0)
        await store.append("a", numbered(1, 1), expected=0, schedule=steps(fired))
        change = ScheduleChange(fired=fired)
        await store.append("a", numbered(2, 2), expected=1, schedule=change)
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(3, 3), expected=2, schedule=change)
        assert numbers((await store.load("a")).events) == [1, 2]

    async def test_a_reminder_that_was_replaced_cannot_fire(self, store: TrackerStore) -> None:
        """The new one waits for its own time."""
        old, new = reminder("x", 5.0), reminder("x", 9.0)
        await store.append("a", numbered(1, 1), expected=0, schedule=steps(old))
        await store.append("a", numbered(2, 2), expected=1, schedule=steps(new))
        with pytest.raises(StoreConflict):
            await store.append("a", numbered(3, 3), expected=2, schedule=ScheduleChange(fired=old))
        assert list(await store.list_reminders(limit=9)) == [new]

    async def test_replacing_the_log_keeps_reminders_and_erasing_drops_them(
        self, store: TrackerStore
    ) -> None:
        """An erased conversation is not spoken to any more."""
        await store.append("a", numbered(1, 1), expected=0, schedule=steps(reminder("x", 5.0)))
        await store.replace("a", numbered(2, 3), expected=1)
        assert await self._names(store) == ["x"]
        await store.erase("a")
        assert await self._names(store) == []
        assert await store.load("a") == EMPTY

    async def test_the_schedule_is_there_when_the_store_is_opened_again(
        self, tmp_path: Path
    ) -> None:
        """As it was."""
        if not self.durable:
            pytest.skip("this store forgets when it is closed")
        first = await self.make_store(tmp_path)
        change = steps(reminder("x", 5.0), reminder("y", 6.0))
        await first.append("a", numbered(1, 1), expected=0, schedule=change)
        await first.append(
            "a", numbered(2, 2), expected=1, schedule=ScheduleChange(fired=reminder("x", 5.0))
        )
        await first.close()
        second = await self.make_store(tmp_path)
        assert list(await second.list_reminders(limit=9)) == [reminder("y", 6.0)]
        await second.close()
