"""What features of tokens give to a tagger, added up from what is kept of words.

The sums of a token are linear in its features, and most of those are about one word, seen from the
tokens around it. So what a word gives is computed once, and most words of a text have come before.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import repeat

from tertulia.ml.remembered import Remembered, are_kept
from tertulia.ml.sparse import FloatArray
from tertulia.ml.tagger import ChainTagger, added_up, shared_out
from tertulia.ml.vectorize import Vocabulary
from tertulia.ml.word_vectors import WordVectors
from tertulia.nlu.extractors.gap_sums import GapSums
from tertulia.nlu.extractors.token_features import AFTER, BEFORE, REACH, said_by, wanted_by
from tertulia.nlu.message import Message

_KEPT_BYTES, _MOST_KEPT = 4 << 20, 8192
"""Of what words give to tokens, and of what features that come again give, for each model; of what
words give beside intents, five times as much."""

_OWN = REACH // 2
"""The place of what a word gives to itself; what it gives to the token behind it comes next."""


class TokenSums:
    """Messages to sums. Immutable, so threads may share it. table: what words mean, or None."""

    def __init__(
        self, vocabulary: Vocabulary, tagger: ChainTagger, table: WordVectors | None
    ) -> None:
        most = min(_MOST_KEPT, 1 + _KEPT_BYTES // (tagger.hidden * 4))
        before, self._after = (
            [_given_by_word(vocabulary, tagger, None, mark) for mark in marks]
            for marks in (BEFORE, AFTER)
        )
        # None of what is kept holds this object, so that a model is let go of at once.
        of_word = Remembered(partial(_given_by_word, vocabulary, tagger, table), 1 + most // REACH)
        of_wanted = partial(_given_by_wanted, vocabulary, tagger, of_word)
        self._before, self._of_word = before, of_word
        # The same word comes with several intents.
        self._of_wanted = Remembered(of_wanted, most)
        self._opening = lru_cache(most)(partial(_given_by_opening, vocabulary, tagger, before))
        self._of_group = lru_cache(most)(partial(_given_by_group, vocabulary, tagger))
        self._of_gaps = GapSums(vocabulary, tagger, most)

    def of(self, message: Message, intent: str | None) -> FloatArray:
        """Return (tokens, hidden) sums of what `features_of` names, and of what words mean.

        intent: None where it is not known.
        """
        texts = [token.text for token in message.tokens]
        if intent is None:
            words = [*self._before, *self._of_word.each(texts)]
        else:
            words = [*self._opening(intent), *self._of_wanted.each(texts, repeat(intent))]
        sums = shared_out([*words, *self._after])
        of_group = self._of_group if are_kept(texts) else self._of_group.__wrapped__
        sums += added_up([list(map(of_group, own)) for own in message.token_features])
        sums += self._of_gaps.of([text.lower() for text in texts])
        return sums


def _given_by_word(
    vocabulary: Vocabulary, tagger: ChainTagger, table: WordVectors | None, text: str
) -> FloatArray:
    """Return (REACH, hidden) what a word gives to itself and to the tokens around it."""
    sums = tagger.sums(_numbers(vocabulary, said_by(text)))
    if table is not None:
        # Its vector is seen by itself and by the tokens next to it.
        sums[1:-1] += tagger.given(table.direction(text, tagger.width))
    return sums


def _given_by_wanted(
    vocabulary: Vocabulary,
    tagger: ChainTagger,
    of_word: Callable[[str], FloatArray],
    text: str,
    intent: str,
) -> FloatArray:
    """Return what a word gives where it is known what the message wants."""
    sums = of_word(text).copy()
    wanted = _numbers(vocabulary, wanted_by(intent, text.lower()))
    sums[_OWN : _OWN + 2] += tagger.sums(wanted)
    return sums


def _given_by_opening(
    vocabulary: Vocabulary, tagger: ChainTagger, before: Sequence[FloatArray], intent: str
) -> list[FloatArray]:
    """Return what the marks before a text give to its tokens."""
    *far, near = (mark.copy() for mark in before)
    wanted = _numbers(vocabulary, wanted_by(intent, BEFORE[-1]))
    near[_OWN + 1] += tagger.sums(wanted)[1]
    return [*far, near]


def _given_by_group(
    vocabulary: Vocabulary, tagger: ChainTagger, group: tuple[str, ...]
) -> FloatArray:
    """Return (hidden,) what features that come again give to a token."""
    return tagger.sums([vocabulary.ids(group)])[0]


def _numbers(vocabulary: Vocabulary, tokens: Iterable[Sequence[str]]) -> list[list[int]]:
    return [vocabulary.ids(token) for token in tokens]
