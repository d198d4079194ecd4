"""Writing systems: where a word ends when no space says so, and signs that are half a letter.

Source: Unicode Standard, chapters 6 (East Asia) and 16 (Southeast Asia); UAX #29 for clusters.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_HAN: Final = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_HIRAGANA: Final = "\u3041-\u309f"
_KATAKANA: Final = "\u30a1-\u30ff\u31f0-\u31ff\uff66-\uff9f"
_THAI: Final = "\u0e01-\u0e3a\u0e40-\u0e4e"
_LAO: Final = "\u0e81-\u0ebd\u0ec0-\u0ecf"
_MYANMAR: Final = "\u1000-\u103f\u1050-\u109f"
_KHMER: Final = "\u1780-\u17d3\u17dc-\u17dd"

# What goes on a syllable that has begun: vowels behind it, tones, stacked consonants.
_THAI_TAIL: Final = "\u0e30-\u0e3a\u0e45-\u0e4e"
_LAO_TAIL: Final = "\u0eb0-\u0ebc\u0ec6-\u0ecf"
_MYANMAR_TAIL: Final = (
    "\u102b-\u103e\u1056-\u1059\u105e-\u1060\u1062-\u106d\u1071-\u1074\u1082-\u109d"
)
_KHMER_TAIL: Final = "\u17b4-\u17d3\u17dd"

_UNSPACED: Final = re.compile(f"[{_HAN}{_HIRAGANA}{_KATAKANA}{_THAI}{_LAO}{_MYANMAR}{_KHMER}]")
_PIECE: Final = re.compile(
    f"[{_HAN}{_HIRAGANA}][\u3099\u309a]?"
    f"|[{_KATAKANA}]+"
    f"|[\u0e40-\u0e44]?[{_THAI}][{_THAI_TAIL}]*"
    f"|[\u0ec0-\u0ec4]?[{_LAO}][{_LAO_TAIL}]*"
    f"|[{_MYANMAR}](?:\u1039[{_MYANMAR}]|[{_MYANMAR_TAIL}])*"
    f"|[{_KHMER}](?:\u17d2[{_KHMER}]|[{_KHMER_TAIL}])*"
    f"|[^{_HAN}{_HIRAGANA}{_KATAKANA}{_THAI}{_LAO}{_MYANMAR}{_KHMER}]+"
)
_STAND_IN: Final = "a"
_NO_LETTERS: Final = frozenset("\ufe0e\ufe0f\u20e3")


def pieces(word: str) -> Iterator[tuple[int, int]]:
    """Yield begin and end of the parts of a word that annotations may begin and end with.

    Chinese characters and hiragana stand alone, katakana and foreign letters stay together, the
    scripts of Southeast Asia are cut into syllables. Other words are one piece.
    """
    if not has_unspaced(word):
        yield 0, len(word)
        return
    for match in _PIECE.finditer(word):
        yield match.span()


def has_unspaced(text: str) -> bool:
    """Whether the text has signs of a script that puts no spaces between words."""
    return not text.isascii() and _UNSPACED.search(text) is not None


def with_marks_as_letters(text: str) -> str:
    """Return the text, equally long, with a letter for each accent and vowel sign.

    Patterns of letters do not match such signs, and would tear words of Hindi or Thai apart.
    """
    if text.isascii():
        return text
    return "".join(
        _STAND_IN if unicodedata.category(sign)[0] == "M" and sign not in _NO_LETTERS else sign
        for sign in text
    )
