import pytest
from tests.unit.nlu.building import codes, message, names, train

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.nlu.extractors.spans import Label, Span, TagSet, as_entities, merge_tags, token_range
from tertulia.nlu.extractors.synonyms import synonym_table
from tertulia.nlu.pipeline import Pipeline

CITY, DISH = Label("city"), Label("dish")
TAGS = TagSet([CITY, DISH], borders=True)
PLAIN = TagSet([CITY, DISH], borders=False)
DIET = names("WhitespaceTokenizer", "CountVectorsFeaturizer", "DIETClassifier")

MARKDOWN = """## intent:order
- a [thai curry](dish) please
- one [thai soup](dish)
- [green curry](dish) for [two](people:2)
- [rice](dish) and [tea](dish)
- for [two](people:2) people
## intent:greet
- hello
- hi
"""


def merged(text: str, tags: list[int], *, split: bool = True, tagset: TagSet = TAGS) -> list[Span]:
    made = message(text)
    marginals = [[1.0] * len(tagset) for _ in tags]
    return merge_tags(tags, marginals, made.tokens, tagset, text, split)


def test_tags_and_spans_are_inverse():
    spans = [Span(CITY, 0, 2), Span(DISH, 2, 3)]
    tags = TAGS.encode(4, spans)
    assert tags == [TAGS.begin(CITY), TAGS.go_on(CITY), TAGS.begin(DISH), 0]
    assert merged("new york tea now", tags) == spans


def test_without_borders_neighbours_of_one_type_are_one():
    tags = PLAIN.encode(2, [Span(CITY, 0, 1), Span(CITY, 1, 2)])
    assert merged("rome oslo", tags, tagset=PLAIN) == [Span(CITY, 0, 2)]


@pytest.mark.parametrize(("split", "count"), [(True, 2), (False, 1)])
def test_a_wider_gap_joins_only_when_asked_for(split: bool, count: int):
    tags = [TAGS.begin(CITY), TAGS.go_on(CITY)]
    assert len(merged("rome  oslo", tags, split=split)) == count


def test_a_gap_with_other_signs_never_joins():
    made = message("rome x oslo")
    made.set_tokens([made.tokens[0], made.tokens[2]])
    tags = [TAGS.begin(CITY), TAGS.go_on(CITY)]
    marginals = [[1.0] * len(TAGS)] * 2
    assert len(merge_tags(tags, marginals, made.tokens, TAGS, made.text, False)) == 2


def test_an_entity_is_as_sure_as_its_weakest_word():
    tags = [TAGS.begin(CITY), TAGS.go_on(CITY)]
    marginals = [[0.1, 0.9, 0.0, 0.0, 0.0], [0.4, 0.1, 0.5, 0.0, 0.0]]
    made = message("new york")
    (span,) = merge_tags(tags, marginals, made.tokens, TAGS, made.text, True)
    assert span.confidence == pytest.approx(0.6)


def test_going_on_is_only_allowed_after_the_same_label():
    allowed = TAGS.allowed()
    assert not allowed.start[TAGS.go_on(CITY)]
    assert allowed.pairs[TAGS.begin(CITY)][TAGS.go_on(CITY)]
    assert not allowed.pairs[TAGS.begin(DISH)][TAGS.go_on(CITY)]


def test_the_first_of_overlapping_annotations_counts():
    assert TAGS.encode(2, [Span(CITY, 0, 2), Span(DISH, 1, 2)])[1] == TAGS.go_on(CITY)


def test_characters_that_cut_a_word_cover_no_tokens():
    tokens = message("new york").tokens
    assert token_range(tokens, 0, 8) == (0, 2)
    assert token_range(tokens, 0, 6) is None


def test_modern_values_are_text_and_legacy_values_are_joined_words():
    made = message("new  york")
    spans = [Span(CITY, 0, 2, 0.5)]
    modern = as_entities(spans, made.tokens, made.text, extractor="E", legacy=False)
    legacy = as_entities(spans, made.tokens, made.text, extractor="E", legacy=True)
    assert modern == [
        {"entity": "city", "start": 0, "end": 9, "confidence_entity": 0.5, "value": "new  york",
         "extractor": "E"}
    ]  # fmt: skip
    assert legacy == [
        {"start": 0, "end": 9, "value": "new york", "entity": "city", "confidence": 0.5,
         "extractor": "E"}
    ]  # fmt: skip


def test_roles_are_told_apart():
    found = train(DIET).parse("fly from Bern to Oslo").entities
    assert [(one["value"], one["role"]) for one in found] == [("Bern", "from"), ("Oslo", "to")]
    assert all(0 < one["confidence_role"] <= 1 for one in found)
    assert found[0]["extractor"] == "DIETClassifier"


WAKE_OR_SELL = """
nlu:
- intent: wake
  examples: |
    - please wake me up early at around [ten](time)
    - wake me up again at around [nine](time)
    - wake us up at around [eight](time)
    - wake me at around [ten](time)
- intent: sell
  examples: |
    - please sell my old car at around [ten](price)
    - sell my bike at around [nine](price)
    - sell our house at around [eight](price)
    - sell it at around [ten](price)
"""


@pytest.mark.parametrize(("text", "entity"), [("wake her", "time"), ("sell her boat", "price")])
def test_the_intent_tells_what_a_word_is_where_its_neighbours_do_not(text: str, entity: str):
    pipeline = train(DIET, WAKE_OR_SELL)
    parts = pipeline.parts()
    for model in (pipeline, Pipeline.from_parts(parts)):
        found = model.parse(f"{text} at around nine").entities
        assert [(one["entity"], one["value"]) for one in found] == [(entity, "nine")]


def test_entity_recognition_can_be_switched_off():
    pipeline = names(
        "WhitespaceTokenizer",
        "CountVectorsFeaturizer",
        "DIETClassifier",
        DIETClassifier={"entity_recognition": "false"},
    )
    assert train(pipeline).parse("fly from Bern to Oslo").entities == ()


def test_the_legacy_extractor_signs_with_its_old_name_and_synonyms_follow():
    pipeline = train("tensorflow_embedding", MARKDOWN, generation=Generation.LEGACY)
    found = pipeline.parse("thai curry for two").entities
    assert [(one["entity"], one["value"]) for one in found] == [
        ("dish", "thai curry"),
        ("people", "2"),
    ]
    assert {one["extractor"] for one in found} == {"ner_crf"}
    assert found[1]["processors"] == ["ner_synonyms"]
    assert set(found[0]) == {"start", "end", "value", "entity", "confidence", "extractor"}


def test_chosen_features_alone_are_enough_for_a_crf():
    pipeline = names(
        "WhitespaceTokenizer",
        "CRFEntityExtractor",
        CRFEntityExtractor={"features": "[[low], [bias, low, suffix3], [low]]"},
    )
    assert [one["value"] for one in train(pipeline, MARKDOWN).parse("one thai soup").entities] == [
        "thai soup"
    ]


def test_an_annotation_that_cuts_a_word_is_noted_and_not_learned():
    diagnostics = Diagnostics()
    data = "nlu:\n- intent: a\n  examples: |\n    - to [Os](city)lo\n    - in [Rome](city)\n"
    pipeline = names("WhitespaceTokenizer", "CRFEntityExtractor")
    train(pipeline, data, diagnostics=diagnostics)
    assert "T178" in codes(diagnostics)


def test_an_annotation_for_another_extractor_is_not_learned():
    data = """{"rasa_nlu_data": {"common_examples": [
        {"text": "in rome", "intent": "a", "entities": [
            {"start": 3, "end": 7, "entity": "city", "value": "rome", "extractor": "Other"}]},
        {"text": "hello", "intent": "b"}]}}"""
    pipeline = train(names("WhitespaceTokenizer", "CRFEntityExtractor"), data)
    assert pipeline.parse("in rome").entities == ()


PATTERNS = """
nlu:
- intent: pick
  examples: |
    - a [red](colour) one
    - zip [12345](zip)
- lookup: colour
  examples: |
    - red
    - dark blue
- regex: zip
  examples: |
    - \\d{5}
- regex: unused
  examples: |
    - one
"""


def test_patterns_named_like_an_entity_find_it():
    found = train("- name: RegexEntityExtractor", PATTERNS).parse("one Dark Blue, 54321 reddish")
    assert list(found.entities) == [
        {"entity": "zip", "start": 15, "end": 20, "value": "54321",
         "extractor": "RegexEntityExtractor"},
        {"entity": "colour", "start": 4, "end": 13, "value": "Dark Blue",
         "extractor": "RegexEntityExtractor"},
    ]  # fmt: skip


def test_lookup_tables_can_be_left_out():
    pipeline = names("RegexEntityExtractor", RegexEntityExtractor={"use_lookup_tables": "false"})
    assert train(pipeline, PATTERNS).parse("red").entities == ()


def test_synonyms_change_the_value_and_sign():
    data = PATTERNS + "- synonym: crimson\n  examples: |\n    - Red\n"
    pipeline = train(names("RegexEntityExtractor", "EntitySynonymMapper"), data)
    (found,) = pipeline.parse("RED").entities
    assert (found["value"], found["processors"]) == ("crimson", ["EntitySynonymMapper"])


def test_the_canonical_value_mends_its_own_case_only_in_the_modern_generation():
    pairs = [("LA", "Los Angeles"), ("x", "x")]
    assert synonym_table(pairs, canonical=False) == {"la": "Los Angeles"}
    assert synonym_table(pairs, canonical=True) == {
        "la": "Los Angeles",
        "los angeles": "Los Angeles",
    }
