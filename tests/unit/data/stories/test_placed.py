"""Packed items are the items, in less memory."""

import tracemalloc
from collections.abc import Sequence

from tests.unit.data.stories.reading import read_text

from tertulia.base.source import SourceSpan
from tertulia.core.events import ActionExecuted, Event, SlotSet, UserUttered
from tertulia.data.stories.model import Checkpoint, StepEvent
from tertulia.data.stories.placed import Packer, PlacedEvents


def said(name: str, line: int, file: str = "a.yml") -> StepEvent:
    return StepEvent(ActionExecuted(name=name), SourceSpan(file, line, 5))


def packed_events(packer: Packer, items: Sequence[StepEvent]) -> Sequence[Event]:
    packed = packer.packed(items)
    assert isinstance(packed, PlacedEvents)
    return packed.events


ITEMS = (said("utter_a", 3), said("utter_b", 4), said("utter_a", 70_000))


def test_packed_items_are_the_same_items():
    packed = Packer().packed(ITEMS)
    assert isinstance(packed, PlacedEvents)
    assert packed == ITEMS
    assert (len(packed), packed[1], packed[-1]) == (3, ITEMS[1], ITEMS[2])
    assert packed[1:] == ITEMS[1:]
    assert repr(packed) == repr(ITEMS)


def test_other_items_are_not_equal():
    assert Packer().packed(ITEMS) != Packer().packed(ITEMS[:2])
    assert Packer().packed(ITEMS[:1]) != (said("utter_a", 4),)


def test_equal_events_are_one_object_and_others_are_not():
    packer = Packer()
    first, second, third = packed_events(packer, ITEMS)
    (again,) = packed_events(packer, [said("utter_a", 9)])
    assert first is third is again
    assert second is not first
    slots = [StepEvent(SlotSet(name="s", value=value), SourceSpan("a")) for value in (1, True)]
    one, true = packed_events(packer, slots)
    assert [repr(one), repr(true)] == [repr(placed.event) for placed in slots]


def test_items_that_are_no_events_of_one_file_stay_as_they_are():
    for items in (
        (*ITEMS, Checkpoint("c")),
        (*ITEMS, said("utter_c", 5, file="b.yml")),
        (*ITEMS, StepEvent(ActionExecuted(name="utter_c"))),
    ):
        assert Packer().packed(items) == items
        assert not isinstance(Packer().packed(items), PlacedEvents)


def test_a_slot_too_large_for_packing_is_kept():
    large = StepEvent(SlotSet(name="s", value=1 << 70), SourceSpan("a", 1, 1))
    assert Packer().packed([large]) == (large,)


def test_a_story_that_was_read_takes_less_than_a_kilobyte():
    steps = "".join(f"  - intent: i{n}\n  - action: a{n}\n" for n in range(8))
    story = f"- story: s{{0}}\n  steps:\n{steps}"
    text = "stories:\n" + "".join(story.format(number) for number in range(1000))
    tracemalloc.start()
    try:
        data, _ = read_text(text)
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert len(data.stories) == 1000
    assert isinstance(next(data.stories[0].events()).event, UserUttered)
    assert kept / 1000 < 1000
