"""Values without places: what counts for a fingerprint, and what goes into a model."""

from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain, Generation, Intent, Slot
from tertulia.data.nlu import Example
from tertulia.data.yaml import Node
from tertulia.training.plain import plain, without_places

HERE, THERE = SourceSpan("a.yml", 1, 1), SourceSpan("b.yml", 9, 9)


def domain(at: SourceSpan | None) -> Domain:
    return Domain(
        generation=Generation.LEGACY,
        intents={"at": Intent(name="at", used_entities=frozenset({"b", "a"}), at=at)},
        slots={"span": Slot(name="span", type="text", initial_value={"at": 5}, at=at)},
    )


def test_equal_things_in_other_places_are_the_same() -> None:
    assert plain(domain(HERE)) == plain(domain(THERE))


def test_other_things_are_not() -> None:
    assert plain(domain(HERE)) != plain(Domain())


def test_things_that_are_called_like_places_stay() -> None:
    said = plain(domain(HERE))
    assert list(said["intents"]) == ["at"]
    assert list(said["slots"]) == ["span"]
    assert said["slots"]["span"]["initial_value"] == {"at": 5}


def test_sets_have_an_order() -> None:
    assert plain(domain(None))["intents"]["at"]["used_entities"] == ["a", "b"]


def test_nodes_are_their_values() -> None:
    assert plain({"x": Node("v", HERE, "v")}) == {"x": "v"}


def test_kinds_of_things_are_told_apart() -> None:
    assert plain(Intent(name="x"))["type"] == "Intent"
    assert plain(Example(text="x", span=HERE))["type"] == "Example"


def test_a_domain_loses_its_places_and_nothing_else() -> None:
    assert without_places(domain(HERE)) == domain(None)
