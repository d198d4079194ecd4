"""Choosing a variation and filling its variables."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

import pytest

from tertulia.core.domain.model import Domain, Generation, ResponseCondition, Variation
from tertulia.core.domain.responses import choose, eligible, fill, render, texts_in, variables_in

T = TypeVar("T")
LEGACY, MODERN = Generation.LEGACY, Generation.MODERN
SLOTS = {"name": "Bob", "empty": None, "tags": [1, 2], "full name": "Bob B", "d": {"k": 1}}


class Last:
    """Chooses the last element."""

    def choice(self, seq: Sequence[T], /) -> T:
        return seq[-1]


def says(text: str, channel: str | None = None, *condition: ResponseCondition) -> Variation:
    return Variation(content={"text": text}, channel=channel, condition=condition or None)


def domain_of(*variations: Variation, generation: Generation = MODERN) -> Domain:
    return Domain(generation=generation, responses={"utter_x": variations})


def texts(domain: Domain, slots: Mapping[str, object], channel: str | None) -> list[str]:
    found = eligible(domain, "utter_x", slots=slots, channel=channel)
    return [variation.content["text"] for variation in found]


GOLD = ResponseCondition(name="tier", value="gold")


def test_modern_groups_come_in_their_order() -> None:
    domain = domain_of(
        says("plain"),
        says("conditional", None, GOLD),
        says("here", "slack"),
        says("conditional here", "slack", GOLD),
    )
    gold, other = {"tier": "Gold"}, {"tier": "tin"}
    assert texts(domain, gold, "slack") == ["conditional here"]
    assert texts(domain, other, "slack") == ["here"]
    assert texts(domain, gold, "rest") == ["conditional"]
    assert texts(domain, other, "rest") == ["plain"]


def test_variations_of_other_channels_are_never_used() -> None:
    assert texts(domain_of(says("x", "slack")), {}, "rest") == []
    assert texts(domain_of(says("x", "slack")), {}, None) == []


def test_an_empty_list_of_conditions_never_holds() -> None:
    variation = Variation(content={"text": "x"}, condition=())
    assert texts(domain_of(variation), {}, None) == []


@pytest.mark.parametrize(
    ("slot", "value", "holds"),
    [
        ("GOLD", "gold", True),
        ("STRASSE", "straße", True),
        (1, True, True),
        ("1", 1, False),
        (None, None, True),
        (["a"], ["a"], True),
    ],
)
def test_a_condition_compares_texts_without_case(slot: object, value: object, holds: bool) -> None:
    domain = domain_of(says("x", None, ResponseCondition(name="tier", value=value)))
    assert bool(texts(domain, {"tier": slot}, None)) is holds


def test_an_unknown_slot_counts_as_empty() -> None:
    domain = domain_of(says("x", None, ResponseCondition(name="tier", value=None)))
    assert texts(domain, {}, None) == ["x"]


def test_all_conditions_must_hold() -> None:
    vip = ResponseCondition(name="vip", value=True)
    domain = domain_of(says("x", None, GOLD, vip))
    assert texts(domain, {"tier": "gold", "vip": False}, None) == []
    assert texts(domain, {"tier": "gold", "vip": True}, None) == ["x"]


def test_legacy_ignores_conditions_and_prefers_the_channel() -> None:
    domain = domain_of(says("a"), says("b", None, GOLD), says("c", "slack"), generation=LEGACY)
    assert texts(domain, {}, "slack") == ["c"]
    assert texts(domain, {}, "rest") == ["a", "b"]


def test_chance_decides_inside_the_group() -> None:
    chosen = choose(
        domain_of(says("a"), says("b")), "utter_x", slots={}, channel=None, random=Last()
    )
    assert chosen is not None
    assert chosen.content["text"] == "b"


def test_an_unknown_response_is_none() -> None:
    assert choose(Domain(), "utter_y", slots={}, channel=None, random=Last()) is None
    assert render(Domain(), "utter_y", slots={}, channel=None, arguments={}, random=Last()) is None


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi {name}!", "Hi Bob!"),
        ("{empty}", "None"),
        ("{tags} {d}", "[1, 2] {'k': 1}"),
        ("{full name}", "Bob B"),
        ("{{x}}", "{x}"),
        ("{{x}} {name}", "{x} Bob"),
        ('{{"k": "{name}"}}', '{"k": "Bob"}'),
        ('/pick{{"tier": "gold"}}', '/pick{"tier": "gold"}'),
        ('{{"a": {{"b": {tags}}}}}', '{"a": {"b": [1, 2]}}'),
        ("{{{name}}}", "{Bob}"),
        ("{} {name}", "{} Bob"),
        ("0[ {name}", "0[ Bob"),
        ("", ""),
    ],
)
def test_variables_and_doubled_braces_are_replaced(
    text: str, expected: str, generation: Generation
) -> None:
    filled = fill(text, SLOTS, generation)
    assert filled.value == expected
    assert filled.notes == ()


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("{name} {nothere}", "unknown variable 'nothere'"),
        ("{ name }", "unknown variable ' name '"),
        ("{name!r} {name:>5}", "unknown variable 'name!r'"),
        ("{d[k]}", "unknown variable 'd[k]'"),
        ("{a.b}", "unknown variable 'a.b'"),
        ("{{x}} {nothere}", "unknown variable 'nothere'"),
        ("{name} {", "unbalanced '{'"),
        ("} {name}", "unbalanced '}'"),
        ("{na\nme}", "unbalanced '{'"),
    ],
)
def test_a_text_that_cannot_be_filled_stays_as_written_and_says_why(text: str, note: str) -> None:
    filled = fill(text, SLOTS, MODERN)
    assert filled.value == text
    assert len(filled.notes) == 1
    assert note in filled.notes[0]


def test_a_variable_may_have_a_dot_in_its_name() -> None:
    assert fill("{a.b}", {"a.b": 1}, MODERN).value == "1"


def test_legacy_without_variables_replaces_nothing() -> None:
    assert fill("{{x}} {y}", {}, LEGACY).value == "{{x}} {y}"
    assert fill("{{x}}", {}, MODERN).value == "{x}"


def test_values_inside_collections_are_filled_and_keys_are_not() -> None:
    custom = {"{name}": ["{name}", 3, {"deep": "{name}"}], "bad": "{nothere}"}
    filled = fill(custom, SLOTS, MODERN)
    assert filled.value == {"{name}": ["Bob", 3, {"deep": "Bob"}], "bad": "{nothere}"}
    assert len(filled.notes) == 1


CARD = {
    "text": "for {name}",
    "image": "https://example.org/{name}.png",
    "buttons": [{"title": "{name}", "payload": '/a{{"b": 1}}'}],
    "elements": [{"title": "{name}"}],
    "metadata": {"mood": "{name}"},
    "id": "{name}",
}


def rendered(generation: Generation, **arguments: object) -> dict[str, object]:
    domain = domain_of(Variation(content=CARD, id="{name}"), generation=generation)
    result = render(
        domain,
        "utter_x",
        slots={"name": "Bob"},
        channel=None,
        arguments=arguments,
        random=Last(),
    )
    assert result is not None
    return result.content


def test_the_modern_generation_fills_text_image_and_buttons_only() -> None:
    assert rendered(MODERN) == {
        "text": "for Bob",
        "image": "https://example.org/Bob.png",
        "buttons": [{"title": "Bob", "payload": '/a{"b": 1}'}],
        "elements": [{"title": "{name}"}],
        "metadata": {"mood": "{name}"},
        "id": "{name}",
        "utter_action": "utter_x",
    }


def test_the_legacy_generation_fills_the_text_only() -> None:
    assert rendered(LEGACY) == {**CARD, "text": "for Bob"}


def test_arguments_hide_slots() -> None:
    assert rendered(MODERN, name="Eve")["text"] == "for Eve"


def test_what_is_rendered_shares_nothing_with_the_domain() -> None:
    elements = rendered(LEGACY)["elements"]
    assert isinstance(elements, list)
    elements.append("more")
    assert CARD["elements"] == [{"title": "{name}"}]


def test_notes_name_the_response_and_the_field() -> None:
    domain = domain_of(Variation(content={"text": "{nothere}"}))
    result = render(domain, "utter_x", slots={}, channel=None, arguments={}, random=Last())
    assert result is not None
    assert result.notes == (
        "response 'utter_x', text: unknown variable 'nothere', so the text stays as written",
    )


def test_variables_are_listed_once_each() -> None:
    assert variables_in("{x} {{y}} {} {z}{x} {") == ["x", "z"]


def test_texts_are_found_at_every_depth() -> None:
    assert list(texts_in({"a": "x", "b": ["y", 4, {"c": "z"}]})) == ["x", "y", "z"]
