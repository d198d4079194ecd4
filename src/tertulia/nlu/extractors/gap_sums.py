"""What two neighbouring words give together to the tokens around them.

Most pairs of words are in no example, so those that are known are kept by their text.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise

from tertulia.ml.remembered import Remembered
from tertulia.ml.sparse import FloatArray
from tertulia.ml.tagger import ChainTagger, shared_out
from tertulia.ml.vectorize import Vocabulary
from tertulia.nlu.extractors.token_features import (
    PAIRS,
    SEEN_FAR_BEFORE,
    SEEN_FAR_BEHIND,
    Seen,
    seen_before,
    seen_behind,
    seen_between,
)

Numbers = Mapping[str, Sequence[int]]
"""Of features: by what is seen, for each place of PAIRS that it is seen from; -1 for none."""


class GapSums:
    """Words of a text to sums. Immutable, so threads may share it. most: gaps that are kept."""

    def __init__(self, vocabulary: Vocabulary, tagger: ChainTagger, most: int) -> None:
        self._known = _numbers_of_pairs(vocabulary)
        of_gap = partial(_given_by_gap, self._known, tagger)
        between, before, behind = (
            Remembered(partial(_given_by_seen, of_gap, seen), 1 + most // len(PAIRS))
            for seen in (seen_between, seen_before, seen_behind)
        )
        self._between, self._before, self._behind = between, before, behind
        self._far_before, self._far_behind = of_gap(SEEN_FAR_BEFORE), of_gap(SEEN_FAR_BEHIND)
        self._nothing = of_gap((None,) * len(PAIRS))

    def of(self, lowered: Sequence[str]) -> FloatArray:
        """Return (tokens, hidden) the sums of what `pairs_of` names; there must be tokens."""
        texts = [*map(" ".join, pairwise(lowered))]
        known, nothing = self._known, self._nothing
        # Two gaps lie before the first word, and two behind the last one.
        return shared_out(
            [
                self._far_before,
                self._before(lowered[0]),
                *[self._between(text) if text in known else nothing for text in texts],
                self._behind(lowered[-1]),
                self._far_behind,
            ]
        )


def _numbers_of_pairs(vocabulary: Vocabulary) -> Numbers:
    found: dict[str, list[int]] = {}
    places = {kind: place for place, kind in enumerate(PAIRS)}
    for number, term in enumerate(vocabulary.terms):
        kind, is_named, text = term.partition("=")
        if is_named and kind in places:
            found.setdefault(text, [-1] * len(PAIRS))[places[kind]] = number
    return found


def _given_by_seen(
    of_gap: Callable[[Seen], FloatArray], seen: Callable[[str], Seen], text: str
) -> FloatArray:
    return of_gap(seen(text))


def _given_by_gap(known: Numbers, tagger: ChainTagger, seen: Seen) -> FloatArray:
    """Return (PAIRS, hidden) what is seen of a gap gives to the tokens around it."""
    nothing = (-1,) * len(PAIRS)
    numbers = [
        -1 if text is None else known.get(text, nothing)[place] for place, text in enumerate(seen)
    ]
    return tagger.sums([[] if number < 0 else [number] for number in numbers])
