"""What a single word looks like: the options of lexical featurizers and taggers, by name."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from tertulia.nlu.message import Token

WINDOW_DEFAULT: Final[tuple[tuple[str, ...], ...]] = (
    ("low", "title", "upper"),
    ("BOS", "EOS", "low", "upper", "title", "digit"),
    ("low", "title", "upper"),
)

OPTIONS: Final[Mapping[str, Callable[[str], str]]] = {
    "low": str.lower,
    "title": lambda word: str(word.istitle()),
    "upper": lambda word: str(word.isupper()),
    "digit": lambda word: str(word.isdigit()),
    "prefix1": lambda word: word[:1],
    "prefix2": lambda word: word[:2],
    "prefix3": lambda word: word[:3],
    "prefix4": lambda word: word[:4],
    "prefix5": lambda word: word[:5],
    "suffix1": lambda word: word[-1:],
    "suffix2": lambda word: word[-2:],
    "suffix3": lambda word: word[-3:],
    "suffix4": lambda word: word[-4:],
    "suffix5": lambda word: word[-5:],
    "bias": lambda word: "",
}

# Options that are about the place of the word, or come from a featurizer before.
PLACES: Final = frozenset({"BOS", "EOS"})
PATTERN: Final = "pattern"


def refuse_unknown(window: Sequence[Sequence[str]]) -> None:
    """Raise ValueError for an option that does not exist here, or a window without middle."""
    if len(window) % 2 == 0:
        raise ValueError("features need an odd number of lists, the word's own in the middle")
    known = {*OPTIONS, *PLACES, PATTERN}
    for option in (option for options in window for option in options):
        if option not in known:
            raise ValueError(
                f"there is no feature '{option}' here; known: {', '.join(sorted(known))}"
            )


def window_features(tokens: Sequence[Token], at: int, window: Sequence[Sequence[str]]) -> list[str]:
    """Return `offset:option=value` of the words around token `at`.

    window: options per place, the middle one is the token itself.
    """
    middle = len(window) // 2
    features: list[str] = []
    for place, options in enumerate(window):
        offset = place - middle
        index = at + offset
        if not 0 <= index < len(tokens):
            continue
        word = tokens[index].text
        for option in options:
            if option == "BOS":
                if index == 0:
                    features.append(f"{offset}:BOS")
            elif option == "EOS":
                if index == len(tokens) - 1:
                    features.append(f"{offset}:EOS")
            elif option in OPTIONS:
                features.append(f"{offset}:{option}={OPTIONS[option](word)}")
    return features
