"""What a tagger is told of each token, as text: the word, those around it, and the intent."""

from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple

from tertulia.ml.remembered import Remembered
from tertulia.nlu.featurizers.shapes import PATTERN, Window, window_features
from tertulia.nlu.message import Message

# What stands around the words of a text.
BEFORE, AFTER = ("^", "^"), ("$", "$")
REACH = 5
"""A word is looked at by tokens up to two places away."""

PAIRS = ("w+1,w+2", "w,w+1", "w-1,w", "w-2,w-1")
"""From where tokens see two words next to each other: first from farthest before them."""


def features_of(
    message: Message, window: Window | None, intent: str | None = None
) -> list[list[str]]:
    """Return the features of every token as text.

    window: those options alone, and matched patterns when it names `pattern`; None: words,
    prefixes, suffixes and shapes around the token, what the message wants, and all that
    featurizers found. intent: None where it is not known.
    """
    tokens = message.tokens
    if window is None:
        lowered = [token.text.lower() for token in tokens]
        texts = (*BEFORE, *(token.text for token in tokens), *AFTER)
        words = _said_by.each(texts)
        return [
            [
                *_of_words(words[at : at + REACH]),
                *pairs_of(lowered, at),
                *chain.from_iterable(groups),
                *wanted_of(intent, lowered, at),
            ]
            for at, groups in enumerate(message.token_features)
        ]
    features = [list(chain.from_iterable(own)) for own in window_features(tokens, window)]
    if PATTERN in window[len(window) // 2]:
        for own, found in zip(features, message.token_features, strict=True):
            own += [one for one in chain.from_iterable(found) if one.startswith(f"{PATTERN}:")]
    return features


def wanted_of(intent: str | None, lowered: Sequence[str], at: int) -> list[str]:
    """Return what the intent makes of a word: `ten` is a time in an alarm, a price in a shop."""
    if intent is None:
        return []
    own, _ = wanted_by(intent, lowered[at])
    _, behind = wanted_by(intent, lowered[at - 1] if at else BEFORE[-1])
    return [*own, *behind]


def wanted_by(intent: str, word: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what intent and word say of the word itself, and of the token behind it."""
    own = (f"i={intent}", f"i,w={intent} {word}", f"i,s={intent} {word[-3:]}")
    return own, (f"i,w-1={intent} {word}",)


class Word(NamedTuple):
    """What a word says of itself, and of the tokens two and one place before and behind it."""

    far_before: tuple[str, ...]
    before: tuple[str, ...]
    own: tuple[str, ...]
    after: tuple[str, ...]
    far_after: tuple[str, ...]


def said_by(text: str) -> Word:
    """Return what a word says of itself and of the tokens around it."""
    word = text.lower()
    features = ["bias", f"w={word}", f"shape={_shape(text)}"]
    for size in (1, 2, 3, 4):
        features += (f"p{size}={word[:size]}", f"s{size}={word[-size:]}")
    return Word(
        far_before=(f"w+2={word}",),
        before=(f"w+1={word}", f"s+1={word[-3:]}"),
        own=tuple(features),
        after=(f"w-1={word}", f"s-1={word[-3:]}"),
        far_after=(f"w-2={word}",),
    )


_said_by = Remembered(said_by)


def _of_words(words: Sequence[Word]) -> list[str]:
    """Return what five words say of the one in the middle."""
    left, right = words[1].after, words[3].before
    far = (*words[0].far_after, *words[4].far_before)
    return [*words[2].own, left[0], right[0], *far, left[1], right[1]]


def pairs_of(lowered: Sequence[str], at: int) -> list[str]:
    """Return the words next to each other around a token, two at a time."""
    word = lowered[at]
    before = lowered[at - 1] if at else BEFORE[-1]
    after = lowered[at + 1] if at + 1 < len(lowered) else AFTER[0]
    own = (
        " ".join(lowered[at + 1 : at + 3]),
        f"{word} {after}",
        f"{before} {word}",
        " ".join(lowered[max(0, at - 2) : at]),
    )
    return [f"{kind}={text}" for kind, text in zip(PAIRS, own, strict=True)]


Seen = tuple[str | None, ...]
"""What the tokens around a gap see of it in `pairs_of`, in the order of PAIRS."""

SEEN_FAR_BEFORE: Seen = (None, None, None, "")
SEEN_FAR_BEHIND: Seen = ("", None, None, None)


def seen_between(text: str) -> Seen:
    """Return what is seen of a gap between words. text: both, with a space between them."""
    return (text,) * len(PAIRS)


def seen_before(word: str) -> Seen:
    """Return what is seen of the gap before the first word."""
    return (None, None, f"{BEFORE[-1]} {word}", word)


def seen_behind(word: str) -> Seen:
    """Return what is seen of the gap behind the last word."""
    return (word, f"{word} {AFTER[0]}", None, None)


def _shape(word: str) -> str:
    """Return the kinds of signs in a word, runs as one: `Ab12` and `Xyz3` look alike."""
    shape: list[str] = []
    for sign in word:
        kind = "0" if sign.isdigit() else "A" if sign.isupper() else "a" if sign.isalpha() else sign
        if not shape or shape[-1] != kind:
            shape.append(kind)
    return "".join(shape)
