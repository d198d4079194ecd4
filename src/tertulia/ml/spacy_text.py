"""One text as a spaCy model sees it, read when it is first asked for."""

from collections.abc import Iterable, Sequence

from tertulia.ml.spacy_model import Named, Reading, SpacyModel


class SpacyText:
    """A text and who can read it. fold: letter case does not count for words and vectors."""

    __slots__ = ("_fold", "_model", "_reading", "_text")

    def __init__(self, model: SpacyModel, text: str, *, fold: bool) -> None:
        self._model = model
        self._text = text
        self._fold = fold
        self._reading: Reading | None = None

    @property
    def reading(self) -> Reading:
        """Words and vectors."""
        found = self._reading
        if found is None:
            (found,) = self._model.read([self._text], fold=self._fold)
            self._reading = found
        return found

    @property
    def width(self) -> int:
        """Numbers in a vector, 0 when the model has no vectors."""
        return self._model.width

    def entities(self) -> Sequence[Named]:
        """Return the named entities; letter case counts, for names depend on it."""
        return self._model.entities(self._text)

    @staticmethod
    def read_together(texts: Iterable["SpacyText"]) -> None:
        """Read many texts of one model, which is quicker than one by one."""
        unread = [one for one in texts if one._reading is None]
        if not unread:
            return
        first = unread[0]
        found = first._model.read([one._text for one in unread], fold=first._fold)
        for one, reading in zip(unread, found, strict=True):
            one._reading = reading
