"""What validating a form answers, for each kind of method and of required slots."""

from collections.abc import Sequence
from typing import Any

from tertulia.actions import Context, FormValidation

DOMAIN = {"forms": {"table_form": {"required_slots": ["guests", "day-part"]}}}


def asked(*candidates: tuple[str, Any], slots: dict[str, Any] | None = None) -> Context:
    """Return a call as the form makes it: candidates at the end of the events."""
    events: list[dict[str, Any]] = [
        {"event": "slot", "name": "requested_slot", "value": "guests"},
        {"event": "action", "name": "table_form"},
        *({"event": "slot", "name": name, "value": value} for name, value in candidates),
    ]
    tracker = {"sender_id": "me", "slots": {**(slots or {}), **dict(candidates)}, "events": events}
    return Context("validate_table_form", tracker, domain=lambda: DOMAIN)


async def answer(validation: FormValidation, ctx: Context) -> list[tuple[str, Any]]:
    await validation.run(ctx)
    assert {event["event"] for event in ctx.emitted} <= {"slot"}
    return [(event["name"], event["value"]) for event in ctx.emitted]


class Plain(FormValidation):
    form = "table_form"

    async def validate_guests(self, value: Any, ctx: Context) -> int | None:
        if str(value).isdigit():
            return int(value)
        await ctx.say("utter_wrong_guests")
        return None

    async def validate_day_part(self, value: Any, ctx: Context) -> str:
        return str(value).upper()


def test_the_name_comes_from_the_form() -> None:
    assert Plain.name == "validate_table_form"


def test_a_name_of_its_own_counts_more() -> None:
    class Named(FormValidation):
        form = "table_form"
        name = "validate_other"

    assert Named.name == "validate_other"


async def test_a_validator_returns_the_value_to_keep() -> None:
    assert await answer(Plain(), asked(("guests", "4"))) == [("guests", 4)]


async def test_none_empties_the_slot_so_that_it_is_asked_for_again() -> None:
    ctx = asked(("guests", "many"))
    assert await answer(Plain(), ctx) == [("guests", None)]
    assert ctx.responses[0]["response"] == "utter_wrong_guests"


async def test_a_hyphen_of_a_slot_is_an_underscore_of_its_method() -> None:
    assert await answer(Plain(), asked(("day-part", "noon"))) == [("day-part", "NOON")]


async def test_only_the_last_run_of_slots_is_judged() -> None:
    assert await answer(Plain(), asked()) == []


async def test_a_slot_named_twice_is_judged_by_its_last_value() -> None:
    assert await answer(Plain(), asked(("guests", "4"), ("guests", "5"))) == [("guests", 5)]


async def test_a_slot_that_the_form_does_not_need_is_left_alone() -> None:
    assert await answer(Plain(), asked(("other", "x"))) == []


async def test_a_slot_without_a_validator_keeps_its_value() -> None:
    class Lenient(FormValidation):
        form = "table_form"

    assert await answer(Lenient(), asked(("guests", "many"))) == [("guests", "many")]


async def test_later_validators_see_what_earlier_ones_decided() -> None:
    class Ordered(Plain):
        async def validate_day_part(self, value: Any, ctx: Context) -> str:
            return f"{value} for {ctx.slots['guests']!r}"

    found = await answer(Ordered(), asked(("guests", "4"), ("day-part", "noon")))
    assert found == [("guests", 4), ("day-part", "noon for 4")]


async def test_a_validator_may_set_other_slots() -> None:
    class Generous(FormValidation):
        form = "table_form"

        async def validate_guests(self, value: Any, ctx: Context) -> Any:
            ctx.set_slot("day-part", "evening")
            return value

    found = await answer(Generous(), asked(("guests", 4)))
    assert found == [("day-part", "evening"), ("guests", 4)]


async def test_what_an_extractor_finds_is_validated() -> None:
    class Finding(Plain):
        async def extract_guests(self, ctx: Context) -> str | None:
            return "7"

    assert await answer(Finding(), asked()) == [("guests", 7)]


async def test_an_extractor_that_finds_nothing_changes_nothing() -> None:
    class Missing(Plain):
        async def extract_guests(self, ctx: Context) -> str | None:
            return None

    assert await answer(Missing(), asked(("day-part", "noon"))) == [("day-part", "NOON")]


async def test_an_extractor_sees_what_an_earlier_one_found() -> None:
    class Chained(FormValidation):
        form = "table_form"

        async def extract_guests(self, ctx: Context) -> int:
            return 2

        async def extract_day_part(self, ctx: Context) -> str:
            return "evening" if ctx.slots["guests"] == 2 else "noon"

    assert await answer(Chained(), asked()) == [("guests", 2), ("day-part", "evening")]


class Growing(Plain):
    """Asks groups for a telephone number too."""

    async def required_slots(self, domain_slots: Sequence[str], ctx: Context) -> Sequence[str]:
        many = (ctx.slots.get("guests") or 0) > 6
        return [*domain_slots, "telephone"] if many else domain_slots


async def test_required_slots_of_the_domain_leave_the_next_question_to_the_form() -> None:
    assert await answer(Growing(), asked(slots={"guests": 4})) == []


async def test_changed_required_slots_choose_the_next_question() -> None:
    found = await answer(Growing(), asked(slots={"guests": 8, "day-part": "noon"}))
    assert found == [("requested_slot", "telephone")]


async def test_changed_required_slots_that_are_filled_end_the_form() -> None:
    slots = {"guests": 8, "day-part": "noon", "telephone": "1"}
    assert await answer(Growing(), asked(slots=slots)) == [("requested_slot", None)]


async def test_required_slots_are_asked_again_after_validation() -> None:
    class Shrinking(FormValidation):
        form = "table_form"

        async def required_slots(self, domain_slots: Sequence[str], ctx: Context) -> Sequence[str]:
            return ["guests"] if ctx.slots.get("guests") == 1 else domain_slots

        async def validate_guests(self, value: Any, ctx: Context) -> int:
            return 1

    found = await answer(Shrinking(), asked(("guests", "one")))
    assert found == [("guests", 1), ("requested_slot", None)]


async def test_a_form_that_the_domain_does_not_have_needs_nothing() -> None:
    class Unknown(FormValidation):
        form = "other_form"

    assert await answer(Unknown(), asked(("guests", 4))) == []
