from functools import cache
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.core.domain.model import Generation
from tertulia.ml.network import Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.tagged import Corpus
from tertulia.ml.tagger import Allowed, ChainTagger
from tertulia.ml.tagger_training import train_tagger
from tertulia.ml.word_vectors import english
from tertulia.nlu.classifiers.diet import DietClassifier
from tertulia.nlu.extractors.spans import Label, Span, TagSet, merge_tags
from tertulia.nlu.extractors.tag_model import TagModel
from tertulia.nlu.extractors.token_features import features_of
from tertulia.nlu.message import Message, Token
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
    return train_tagger(
        Corpus.of([[[0], [1]], [[1], [2]]], [[0, 1], [1, 0]], features=3),
        count=2,
        allowed=Allowed(free, free, [free, free]),
        schedule=Schedule(epochs=10, batch=2),
    )


@settings(deadline=None)  # the first example trains the bot
@given(st.lists(st.lists(st.integers(0, 2), max_size=3), min_size=1, max_size=8))
def test_marginals_of_every_token_sum_to_one(sentence: list[list[int]]):
    decoded = tagger().decode(tagger().scores(tagger().sums(sentence)))
    assert all(abs(sum(own) - 1.0) < 1e-4 for own in decoded.marginals)
    assert len(decoded.tags) == len(sentence)


@st.composite
def scored(draw: st.DrawFn) -> tuple[ChainTagger, np.ndarray]:
    """Return a tagger with three tags, the third of which never starts, and scores of tokens."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    wide = np.float32(draw(st.sampled_from([0.0, 0.5, 4.0])))
    drawn = [rng.standard_normal(shape, np.float32) for shape in ((3, 3), 3, 3, (5, 3))]
    pairs, start, end, scores = (np.rint(one * wide) for one in drawn)
    start[2] = pairs[0, 2] = -1e4
    arrays = {"transitions": pairs, "start": start, "end": end, "bias": np.zeros(1)}
    arrays |= {
        "first": np.zeros((1, 1)),
        "meanings": np.zeros((0, 1)),
        "emissions": np.zeros((1, 3)),
    }
    scores[:, 0] += draw(st.integers(0, 5))
    return ChainTagger.from_parts(Parts(arrays=arrays)), scores[: draw(st.integers(1, 5))]


@settings(deadline=None)
@given(scored())
def test_no_path_scores_more_than_the_one_that_is_decoded(case: tuple[ChainTagger, np.ndarray]):
    tagger, scores = case
    arrays = tagger.parts().arrays

    def score(path: tuple[int, ...]) -> float:
        own = [arrays["start"][path[0]], arrays["end"][path[-1]]]
        own += [arrays["transitions"][pair] for pair in pairwise(path)]
        return float(sum(own) + scores[np.arange(len(path)), path].sum())

    found = score(tuple(tagger.decode(scores).tags))
    assert found == max(map(score, product(range(3), repeat=len(scores))))


@cache
def model() -> tuple[Pipeline, TagModel]:
    pipeline = bot(Generation.MODERN)
    found = [one._tagger for one in pipeline._components if isinstance(one, DietClassifier)]
    assert found[0] is not None
    return pipeline, found[0]


@settings(deadline=None)  # the first example trains the bot
@given(ANY_TEXT | st.sampled_from(["Oslo", "x" * 100, "^ ^ $ $", "from Bern to " + "y" * 70]))
def test_words_that_are_remembered_count_like_their_features(text: str):
    pipeline, tagging = model()
    message = Message(text)
    for component in pipeline._components:
        component.process(message)
    named = features_of(message, None, message.intent.name)
    numbers = [list(dict.fromkeys(tagging._vocabulary.ids(token))) for token in named]
    if message.tokens:
        sums = tagging._tagger.sums(numbers)
        before, own, after = tagging._tagger.parts().array("meanings").reshape(3, 64, -1)
        nothing = np.zeros(64, dtype=np.float32)
        vectors = [english().direction(token.text, 64) for token in message.tokens]
        around = zip([nothing, *vectors], vectors, [*vectors[1:], nothing], strict=False)
        sums += [left @ before + middle @ own + right @ after for left, middle, right in around]
        expected = tagging._tagger.scores(sums)
        assert tagging._scores(message) == pytest.approx(expected, abs=1e-4)
