from itertools import pairwise, product

import numpy as np
import pytest

from tertulia.ml.network import Schedule
from tertulia.ml.parts import Parts
from tertulia.ml.tag_chain import Decoded
from tertulia.ml.tagged import PLACES, Corpus
from tertulia.ml.tagger import Allowed, ChainTagger, shared_out
from tertulia.ml.tagger_training import train_tagger

# Tags: 0 outside, 1 begin, 2 inside. Inside never starts and never follows outside.
ALLOWED = Allowed(
    [True, True, False], [True] * 3, [[True, True, False], [True, True, True], [True, True, True]]
)
SENTENCES = [[[0], [1], [2]], [[0], [3]], [[1], [2], [0]], [[3], [0], [4]]]
TAGS = [[0, 1, 2], [0, 1], [1, 2, 0], [1, 0, 0]]


def trained(*, seed: int = 0, epochs: int = 60) -> ChainTagger:
    schedule = Schedule(epochs=epochs, batch=2, seed=seed, hidden=16, rate=0.1, input_dropout=0.0)
    corpus = Corpus.of(SENTENCES, TAGS, features=5)
    return train_tagger(corpus, count=3, allowed=ALLOWED, schedule=schedule)


def decoded(model: ChainTagger, sentence: list[list[int]]) -> Decoded:
    return model.decode(model.scores(model.sums(sentence)))


def test_training_sentences_are_tagged_as_taught():
    model = trained()
    assert [decoded(model, sentence).tags for sentence in SENTENCES] == TAGS


def test_a_forbidden_step_is_never_taken():
    model = trained()
    for first, second in product(range(5), repeat=2):
        tags = decoded(model, [[first], [second]]).tags
        assert tags[0] != 2
        assert tags != [0, 2]


def test_marginals_agree_with_the_sum_over_all_paths():
    model = trained(epochs=3)
    sentence = [[0], [1], [4]]
    arrays = model.parts().arrays
    emitted = np.maximum(arrays["first"][[0, 1, 4]] + arrays["bias"], 0) @ arrays["emissions"]
    total, expected = 0.0, np.zeros((3, 3))
    for path in product(range(3), repeat=3):
        scores = [arrays["start"][path[0]], arrays["end"][path[-1]]]
        scores += [own[tag] for own, tag in zip(emitted, path, strict=True)]
        scores += [arrays["transitions"][pair] for pair in pairwise(path)]
        weight = float(np.exp(sum(scores)))
        total += weight
        for at, tag in enumerate(path):
            expected[at, tag] += weight
    assert np.asarray(decoded(model, sentence).marginals) == pytest.approx(
        expected / total, abs=1e-4
    )


def test_a_step_of_training_follows_the_gradient_of_the_likelihood():
    def loss(model: ChainTagger) -> float:
        marginals = [decoded(model, sentence).marginals for sentence in SENTENCES]
        return -sum(
            float(np.log(marginals[s][at][tag]))
            for s, own in enumerate(TAGS)
            for at, tag in enumerate(own)
        )

    losses = [loss(trained(epochs=epochs)) for epochs in (1, 4, 16)]
    assert losses[0] > losses[1] > losses[2]


def test_a_token_without_known_features_is_tagged_all_the_same():
    assert len(decoded(trained(), [[], [1], []]).tags) == 3


def test_the_same_seed_gives_the_same_tagger():
    first, second = trained(seed=5).parts(), trained(seed=5).parts()
    assert np.array_equal(first.array("first"), second.array("first"))


def test_parts_restore_the_same_tags():
    model = trained()
    restored = ChainTagger.from_parts(model.parts())
    assert decoded(restored, SENTENCES[0]) == decoded(model, SENTENCES[0])


VECTORS = [np.eye(3, dtype=np.float32)[at] for at in range(3)]


def test_a_token_is_tagged_by_what_the_words_around_it_mean():
    """Features say nothing: the tag is told by the word before, or by the word after."""
    words = [[0, 2, 2], [2, 2, 0], [1, 2, 2], [2, 2, 1]] * 4
    tags = [[0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]] * 4
    corpus = Corpus.of(
        [[[], [], []]] * 16,
        tags,
        features=0,
        meanings=[VECTORS[word] for sentence in words for word in sentence],
    )
    schedule = Schedule(epochs=80, batch=4, hidden=16)
    model = train_tagger(corpus, count=3, allowed=ALLOWED, schedule=schedule)
    nothing = np.zeros((PLACES, 16), dtype=np.float32)
    for sentence, taught in zip(words[:4], tags[:4], strict=True):
        given = [nothing, *(model.given(VECTORS[word]) for word in sentence), nothing]
        assert model.decode(model.scores(shared_out(given))).tags == taught


@pytest.mark.parametrize("name", sorted(trained(epochs=1).parts().arrays))
@pytest.mark.parametrize("shape", [(3, 2), (4, 3), (2,), (7,)])
def test_arrays_that_do_not_fit_the_others_are_refused(name: str, shape: tuple[int, ...]):
    arrays = {**trained(epochs=1).parts().arrays, name: np.zeros(shape, dtype=np.float32)}
    with pytest.raises(ValueError, match="arrays of a tagger"):
        ChainTagger.from_parts(Parts(arrays=arrays))
