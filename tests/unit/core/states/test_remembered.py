"""What a history found is remembered on the nodes: for models that see alike, and not for ever."""

import gc
import weakref

import pytest
from msgspec.structs import replace
from tests.unit.policies.talk import domain, talk

from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain, Slot
from tertulia.core.states import (
    LegacyHistory,
    PlainHistory,
    RuleOnly,
    StateHistory,
    StateTable,
    VisibleHistory,
)

CITY = Slot(name="city", type="text")
BOT = domain("greet bye", "utter_a utter_b", slots=[CITY], entities="city place")
SAID = ("action_listen", "/greet", "utter_a", "action_listen", "city=Rome", "/bye", "utter_b")


def slots_of(bot: Domain, slot: Slot) -> Domain:
    return replace(bot, slots={**bot.slots, slot.name: slot})


def used_by_greet(bot: Domain, *entities: str) -> Domain:
    greet = replace(bot.intents["greet"], used_entities=frozenset(entities))
    return replace(bot, intents={**bot.intents, "greet": greet})


def test_a_model_that_sees_alike_takes_over_what_the_one_before_it_found() -> None:
    tracker = talk(BOT, *SAID)
    other = replace(slots_of(BOT, replace(CITY, at=SourceSpan("elsewhere.yml"))), responses={})
    before = PlainHistory(StateTable(BOT)).current(tracker)
    after = PlainHistory(StateTable(other)).current(tracker)
    assert after.before is before.before


@pytest.mark.parametrize(
    "other",
    [
        slots_of(BOT, replace(CITY, type="bool")),
        slots_of(BOT, replace(CITY, influence_conversation=False)),
        slots_of(BOT, Slot(name="size", type="categorical", values=("s", "m"))),
        used_by_greet(BOT, "place"),
        domain("greet bye", "utter_a utter_b", slots=[CITY], entities="city place", legacy=True),
    ],
    ids=["type of a slot", "influence", "one more slot", "entities of an intent", "generation"],
)
def test_a_model_that_sees_otherwise_finds_its_own(other: Domain) -> None:
    assert StateTable(other).key != StateTable(BOT).key


def test_points_of_view_of_one_model_do_not_mix() -> None:
    tracker, table = talk(BOT, *SAID), StateTable(BOT)
    without = VisibleHistory(table, RuleOnly(slots=frozenset({"city"})))
    views: list[StateHistory] = [
        PlainHistory(table),
        PlainHistory(table, omit_unset=True),
        VisibleHistory(table),
        without,
    ]
    alone = [view.last(talk(BOT, *SAID), None) for view in views]
    assert [view.last(tracker, None) for view in views] == alone
    assert alone[-1] != alone[-2]


def test_a_conversation_that_outlives_many_models_remembers_few() -> None:
    tracker = talk(BOT, *SAID)
    for number in range(20):
        bot = slots_of(BOT, Slot(name=f"of model {number}", type="text"))
        VisibleHistory(StateTable(bot)).last(tracker, None)
    kept = [len(node.memo or ()) for node in tracker.applied.nodes()]
    assert max(kept) < 10


@pytest.mark.parametrize("make", [PlainHistory, VisibleHistory, LegacyHistory])
def test_conversations_do_not_keep_the_domain_of_a_model_in_memory(
    make: type[PlainHistory] | type[VisibleHistory] | type[LegacyHistory],
) -> None:
    tracker, table = talk(BOT, *SAID), StateTable(BOT)
    make(table).last(tracker, None)
    gone = weakref.ref(table)
    gc.disable()
    try:
        del table
        assert gone() is None
    finally:
        gc.enable()
