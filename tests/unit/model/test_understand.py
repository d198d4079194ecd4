"""What a model makes of a message before and beside its pipeline."""

from msgspec.structs import replace
from tests.unit.evaluation.bots import legacy_bot, modern_bot

from tertulia.model.understand import understand


def test_a_shortcut_says_its_intent_and_entities_itself() -> None:
    found, notes = understand(modern_bot(), '/book{"city": "oslo"}')
    assert found.intent.name == "book"
    assert [one["value"] for one in found.entities] == ["oslo"]
    assert notes == ()


def test_a_shortcut_with_an_unknown_intent_is_an_ordinary_text() -> None:
    found, notes = understand(modern_bot(), "/fly hello")
    assert found.intent.name == "greet"
    assert notes


def test_other_texts_are_for_the_pipeline() -> None:
    assert understand(modern_bot(), "goodbye")[0].intent.name == "bye"
    assert understand(legacy_bot(), "hello")[0].intent.name == "greet"


def test_without_a_pipeline_a_legacy_text_is_an_intent_and_a_modern_one_is_nothing() -> None:
    legacy, modern = (replace(bot, pipeline=None) for bot in (legacy_bot(), modern_bot()))
    assert understand(legacy, "bye")[0].intent.name == "bye"
    assert understand(modern, "goodbye")[0].intent.name is None
