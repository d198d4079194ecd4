"""Words to the pieces that language models of the BERT family know.

Source: Devlin et al. 2018 and the reference tokenizer of google-research/bert (described, not
copied): split at spaces and punctuation, then the longest piece known, from the left.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_BEGIN, _END, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
_INSIDE: Final = "##"
_LONGEST_WORD = 100
_PLAIN = re.compile(r"[A-Za-z0-9]+|[^A-Za-z0-9 ]")
_HAN: Final = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F))


class WordPiece:
    """Texts to numbers of pieces. terms: the vocabulary in order; lower: accents fall away too.

    Raises ValueError when the vocabulary lacks the marks of begin, end and unknown words.
    """

    def __init__(self, terms: Sequence[str], *, lower: bool, limit: int) -> None:
        self._numbers = {term: number for number, term in enumerate(terms)}
        lacking = {_BEGIN, _END, _UNKNOWN} - self._numbers.keys()
        if lacking:
            raise ValueError(f"the vocabulary lacks {', '.join(sorted(lacking))}")
        self._lower = lower
        self._limit = limit

    def ids(self, text: str) -> list[int]:
        """Return at most `limit` numbers, those of begin and end included."""
        pieces = [number for word in self.words(text) for number in self.pieces(word)]
        begin, end = self._numbers[_BEGIN], self._numbers[_END]
        return [begin, *pieces[: self._limit - 2], end]

    def words(self, text: str) -> Iterator[str]:
        """Yield the words of a text; signs that are no letters stand alone."""
        if self._lower:
            text = without_marks(text.lower())
        # Most texts are, and sign by sign they would take several times as long.
        if text.isascii() and text.isprintable():
            yield from _PLAIN.findall(text)
            return
        spaced = "".join(f" {sign} " if _stands_alone(sign) else sign for sign in text)
        yield from "".join(sign for sign in spaced if not _is_control(sign)).split()

    def pieces(self, word: str) -> list[int]:
        """Return the numbers of a word's pieces; of an unknown word, that of unknown words."""
        known, pieces, begin = self._numbers, list[int](), 0
        if word in known and len(word) <= _LONGEST_WORD:
            return [known[word]]
        if len(word) > _LONGEST_WORD:
            return [known[_UNKNOWN]]
        while begin < len(word):
            prefix = _INSIDE if begin else ""
            ends = range(len(word), begin, -1)
            end = next((one for one in ends if prefix + word[begin:one] in known), None)
            if end is None:
                return [known[_UNKNOWN]]
            pieces.append(known[prefix + word[begin:end]])
            begin = end
        return pieces


def without_marks(text: str) -> str:
    """Return the text without accents and other marks that go with a letter."""
    if text.isascii():
        return text
    bare = unicodedata.normalize("NFD", text)
    return "".join(sign for sign in bare if unicodedata.category(sign) != "Mn")


def _stands_alone(sign: str) -> bool:
    if sign.isascii():
        return not sign.isalnum() and sign.isprintable() and not sign.isspace()
    code = ord(sign)
    return unicodedata.category(sign)[0] == "P" or any(low <= code <= high for low, high in _HAN)


def _is_control(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf"} and not sign.isspace()
