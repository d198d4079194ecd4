from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.domain.model import Generation
from tertulia.ml.softmax import Recipe
from tertulia.ml.tagger import Allowed, ChainTagger, Corpus
from tertulia.nlu.extractors.spans import Label, Span, TagSet, merge_tags
from tertulia.nlu.message import Token
from tertulia.nlu.pipeline import Pipeline
from tertulia.nlu.tokenizers.whitespace import align, legacy_words, modern_words
from tests.unit.nlu.building import names, train

ANY_TEXT = st.text(max_size=60) | st.text("hello fromRome2Oslo .,!?'😀-\n", max_size=60)


@cache
def bot(generation: Generation) -> Pipeline:
    pipeline = names(
        "WhitespaceTokenizer",
        "LexicalSyntacticFeaturizer",
        "CountVectorsFeaturizer",
        "DIETClassifier",
        "EntitySynonymMapper",
        "ResponseSelector",
        "FallbackClassifier",
    )
    return train(pipeline, generation=generation)


@given(ANY_TEXT)
def test_words_are_found_in_the_text_in_order(text: str):
    for words in (modern_words(text), legacy_words(text)):
        tokens = align(text, words)
        assert [text[one.start : one.end] for one in tokens] == words
        ends = [0, *(one.end for one in tokens)]
        assert all(one.start >= end for one, end in zip(tokens, ends, strict=False))


@settings(deadline=None)  # the first example trains the bot
@given(ANY_TEXT, st.sampled_from(Generation))
def test_any_text_is_understood_within_bounds(text: str, generation: Generation):
    understood = bot(generation).parse(text)
    assert 0.0 <= understood.intent.confidence <= 1.0
    assert (understood.intent_ranking is None) == (generation is Generation.LEGACY and not text)
    confidences = [one.confidence for one in understood.intent_ranking or ()]
    real = confidences[1:] if understood.intent.name == "nlu_fallback" else confidences
    assert real == sorted(real, reverse=True)
    assert all(0 <= one["start"] < one["end"] <= len(text) for one in understood.entities)


@settings(deadline=None)  # the first example trains the bot
@given(ANY_TEXT, st.sampled_from(Generation))
def test_understanding_is_repeatable(text: str, generation: Generation):
    assert bot(generation).parse(text) == bot(generation).parse(text)


LABELS = st.builds(Label, st.sampled_from("ab"), st.sampled_from(["", "r"]))


@st.composite
def annotated(draw: st.DrawFn) -> tuple[int, list[Span]]:
    spans: list[Span] = []
    at = 0
    for gap, size, label in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), LABELS), min_size=1, max_size=5)
    ):
        first = at + gap
        spans.append(Span(label, first, first + size))
        at = first + size
    return at, spans


@given(annotated())
def test_entities_survive_the_way_through_tags(case: tuple[int, list[Span]]):
    size, spans = case
    tagset = TagSet((span.label for span in spans), borders=True)
    tokens = [Token("w", 2 * at, 2 * at + 1) for at in range(size)]
    tags = tagset.encode(size, spans)
    text = " ".join("w" * size)
    marginals = [[1.0] * len(tagset)] * size
    assert merge_tags(tags, marginals, tokens, tagset, text, True) == spans


@cache
def tagger() -> ChainTagger:
    free = [True, True]
    return ChainTagger.train(
        Corpus.of([[[0], [1]], [[1], [2]]], [[0, 1], [1, 0]], features=3),
        count=2,
        allowed=Allowed(free, free, [free, free]),
        recipe=Recipe(epochs=10, batch=2),
    )


@settings(deadline=None)  # the first example trains the bot
@given(st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=1, max_size=8))
def test_marginals_of_every_token_sum_to_one(sentence: list[list[int]]):
    decoded = tagger().decode(sentence)
    assert all(abs(sum(own) - 1.0) < 1e-4 for own in decoded.marginals)
    assert len(decoded.tags) == len(sentence)
