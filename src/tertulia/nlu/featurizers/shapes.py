"""What a single word looks like: the options of lexical featurizers and taggers, by name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Final

from tertulia.ml.remembered import Remembered
from tertulia.nlu.message import Token

Window = tuple[tuple[str, ...], ...]

WINDOW_DEFAULT: Final[Window] = (
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

TAGS: Final[Mapping[str, Callable[[str], str]]] = {
    "pos": str,
    "pos2": lambda tag: tag[:2],
}

# Options that are about the place of the word, or come from a featurizer before.
PLACES: Final = frozenset({"BOS", "EOS"})
PATTERN: Final = "pattern"


def refuse_unknown(window: Sequence[Sequence[str]]) -> None:
    """Raise ValueError for an option that does not exist here, or a window without middle."""
    if len(window) % 2 == 0:
        raise ValueError("features need an odd number of lists, the word's own in the middle")
    known = {*OPTIONS, *TAGS, *PLACES, PATTERN}
    for option in (option for options in window for option in options):
        if option not in known:
            raise ValueError(
                f"there is no feature '{option}' here; known: {', '.join(sorted(known))}"
            )


def wants_tags(window: Sequence[Sequence[str]]) -> bool:
    """Whether an option is about the part of speech, which only some tokenizers tell."""
    return any(option in TAGS for options in window for option in options)


def window_features(
    tokens: Sequence[Token], window: Window
) -> Iterator[tuple[tuple[str, ...], ...]]:
    """Return, per token, `offset:option=value` of each word around it, nothing for none.

    window: options per place, the middle one is the token itself.
    """
    last = len(tokens) - 1
    outside = [((),) * len(window)] * (len(window) // 2)
    texts = [token.text for token in tokens]
    tags = [token.tag for token in tokens]
    edges = [(at == 0, at == last) for at in range(len(tokens))]
    looks = _looks.each(texts, tags, repeat(window), edges)
    around = [*outside, *looks, *outside]
    places = range(len(window))
    return zip(*([one[place] for one in around[place:]] for place in places), strict=False)


@Remembered
def _looks(
    word: str, tag: str, window: Window, edges: tuple[bool, bool]
) -> tuple[tuple[str, ...], ...]:
    """Return the features of a word at each place of a window. edges: is it the first, the last."""
    return tuple(
        tuple(
            f"{place - len(window) // 2}:{feature}"
            for option in dict.fromkeys(options)
            if (feature := _feature(option, word, tag, edges)) is not None
        )
        for place, options in enumerate(window)
    )


def _feature(option: str, word: str, tag: str, edges: tuple[bool, bool]) -> str | None:
    """Return what an option says of a token; None when it says nothing, or is not about words."""
    if option in OPTIONS:
        return f"{option}={OPTIONS[option](word)}"
    if option in TAGS:
        return f"{option}={TAGS[option](tag)}"
    is_there = (option == "BOS" and edges[0]) or (option == "EOS" and edges[1])
    return option if is_there else None
