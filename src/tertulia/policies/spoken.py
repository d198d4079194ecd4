"""How like a message is to what users say in end-to-end stories.

A prediction from the text goes before everything else, rules included. So a text has to be one
that the stories have, or nearly; a few words in common with one of them are not enough.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence

_WORD = re.compile(r"\w+(?:['’]\w+)*")


def words(text: str) -> list[str]:
    """Return the different words of a text in lower case, without punctuation, in their order."""
    return list(dict.fromkeys(_WORD.findall(text.lower())))


class Spoken:
    """The texts that users say in stories."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts: Sequence[str] = sorted(set(texts))
        self._sizes: list[int] = []
        self._having: dict[str, list[int]] = defaultdict(list)
        for number, text in enumerate(self.texts):
            own = words(text)
            self._sizes.append(len(own))
            for word in own:
                self._having[word].append(number)

    def likeness(self, text: str) -> float:
        """Return the share of words that the text and the nearest known one have in common.

        0 to 1 (the Dice coefficient), 1 for the same words. Cost: texts with one of the words.
        """
        own = words(text)
        shared: dict[int, int] = defaultdict(int)
        for word in own:
            for number in self._having.get(word, ()):
                shared[number] += 1
        return max(
            (2 * count / (len(own) + self._sizes[number]) for number, count in shared.items()),
            default=0.0,
        )
