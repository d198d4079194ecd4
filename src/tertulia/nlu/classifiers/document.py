"""What a classifier sees of a message: terms in blocks, vectors of words and of language models."""

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

import msgspec

from tertulia.ml.remembered import Remembered
from tertulia.ml.sparse import FloatArray
from tertulia.ml.vectorize import Grouped, char_wb_ngrams
from tertulia.nlu.message import Message

PAIRS, GAPS, AFFIXES = "added/pairs", "added/gaps", "added/affixes"
SPELLING = "added/chars"
_PREFIX, _SUFFIX = 4, 3
_SPELLING_SIZES = (2, 5)
_NAME_PARTS = re.compile(r"[^\W\d_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")


class Document(msgspec.Struct, frozen=True):
    """terms: by block. vectors: of language models, (n,) float32 each, in the order of the
    pipeline. words: likewise, of tables of words.
    """

    terms: Mapping[str, Collection[str]] = {}
    vectors: Sequence[FloatArray] = ()
    words: Sequence[FloatArray] = ()

    @property
    def says_nothing(self) -> bool:
        """Whether no featurizer knows anything of the text."""
        return not self.terms and not any(one.any() for one in (*self.vectors, *self.words))


def document_of(
    message: Message, sources: Sequence[str] = (), *, word_vectors: bool = True
) -> Document:
    """Return what to learn from. word_vectors: those of tables of words, too.

    Pairs of neighbouring words are always added, for order matters, and pairs with one or two
    words between them, and how words begin and end; spelling is added when no featurizer looks
    at characters.
    """
    terms = message.document(sources)
    vectors = message.vectors_of(sources)
    tabled = message.word_vectors_of(sources) if word_vectors else []
    if not any(terms.values()):
        return Document({}, vectors, tabled)
    words = [token.text.lower() for token in message.tokens]
    framed = ["^", *words, "$"]
    terms[PAIRS] = [f"{left} {right}" for left, right in pairwise(framed)]
    terms[GAPS] = [
        f"{left} {right}"
        for gap in (2, 3)
        for left, right in zip(framed, framed[gap:], strict=False)
    ]
    terms[AFFIXES] = Grouped(words, _affixes)
    if not any(key.endswith("/chars") for key in terms):
        terms[SPELLING] = char_wb_ngrams(" ".join(words), *_SPELLING_SIZES)
    return Document(terms, vectors, tabled)


@Remembered
def _affixes(word: str) -> tuple[str, ...]:
    return word[:_PREFIX], f"-{word[-_SUFFIX:]}"


def spoken(label: str) -> str:
    """Return the words in a label's name: `faq/opening_hours` is about opening hours."""
    return " ".join(_NAME_PARTS.findall(_HUMP.sub(" ", label))).lower()
