"""A spaCy model from a folder: words, vectors and entities of texts. The only importer of spaCy.

Nothing is downloaded, and the code of a model's package is never imported: its folder is read.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import numpy as np

from tertulia.base.errors import MissingExtra
from tertulia.ml.sparse import FloatArray

CONFIG, META = "config.cfg", "meta.json"
_ENTITIES = "doc.ents"
_UNUSED = ("parser",)
_BATCH = 256
_PROBE = "word"
_TINY = 1e-12
# Two, so that a server has the model before and the model after an exchange.
_KEPT = 2

Doc = Any
Step = Callable[[Iterable[Doc]], Iterable[Doc]]


class Word(msgspec.Struct, frozen=True, gc=False):
    """start, end: character offsets, end exclusive. lemma, tag: empty where the model has none."""

    text: str
    start: int
    end: int
    lemma: str
    tag: str


class Named(msgspec.Struct, frozen=True, gc=False):
    """A named entity; offsets as of words."""

    label: str
    start: int
    end: int


class Reading(msgspec.Struct, frozen=True):
    """mean, most: of the vectors of known words, by component and then scaled to length one,
    (n,) float32; zeros when no word is known.
    """

    words: Sequence[Word]
    mean: FloatArray
    most: FloatArray


class SpacyModel:
    """Reads texts. Threads may share it: they take turns, for spaCy's own stores are not safe.

    width: of the vectors, 0 when the model has none. digest: of all files of the model.
    """

    def __init__(self, language: Any, *, digest: str) -> None:
        self._language = language
        self._lock = Lock()
        self.digest = digest
        self._for_entities = tuple(_steps(language, with_entities=True))
        self._for_words = tuple(_steps(language, with_entities=False))
        self.width: int = self._docs([_PROBE], self._for_words, _width)[0]

    def read(self, texts: Sequence[str], *, fold: bool) -> list[Reading]:
        """Return what the texts consist of. fold: letter case does not count."""
        forms = [folded(text) if fold else text for text in texts]
        docs = self._docs(forms, self._for_words, self._reading)
        return [
            _as_written(reading, text) if fold else reading
            for reading, text in zip(docs, texts, strict=True)
        ]

    def entities(self, text: str) -> list[Named]:
        """Return the named entities of a text as it was written, in its order."""
        return self._docs([text], self._for_entities, _named)[0]

    def _reading(self, doc: Doc) -> Reading:
        kept = [one for one in doc if not one.is_space]
        words = [
            Word(one.text, one.idx, one.idx + len(one.text), one.lemma_, one.tag_) for one in kept
        ]
        # Words that the model does not know say nothing, as in the originals.
        known = [vector for one in kept if (vector := one.vector).any()]
        vectors = np.asarray(known or [np.zeros(self.width)], dtype=np.float32)
        return Reading(words, _of_length_one(vectors.mean(0)), _of_length_one(vectors.max(0)))

    def _docs(
        self, texts: Sequence[str], steps: Sequence[Step], taken: Callable[[Doc], Any]
    ) -> list[Any]:
        found: list[Any] = []
        for begin in range(0, len(texts), _BATCH):
            # The zone forgets the words of these texts, which would fill the memory otherwise.
            with self._lock, self._language.memory_zone():
                docs: Iterable[Doc] = [
                    self._language.make_doc(text) for text in texts[begin : begin + _BATCH]
                ]
                for step in steps:
                    docs = step(docs)
                found += [taken(doc) for doc in docs]
        return found


def load_spacy_model(folder: Path) -> SpacyModel:
    """Return the model in a folder; an unchanged one is loaded only once.

    Raises:
        MissingExtra: spaCy is not installed.
        OSError, ValueError: a file is missing, cannot be read, or holds something else.
    """
    return _loaded(folder.resolve(), _digest(folder))


@lru_cache(maxsize=_KEPT)
def _loaded(folder: Path, digest: str) -> SpacyModel:
    try:
        return SpacyModel(_library().load(folder, exclude=_UNUSED), digest=digest)
    except (KeyError, TypeError, AttributeError, ImportError) as error:
        # spaCy lets errors of whatever reads a file of the model through.
        raise ValueError(f"{type(error).__name__}: {error}") from error


@cache
def _library() -> Any:
    try:
        import spacy
    except ImportError as error:
        raise MissingExtra(
            "SpacyNLP needs the package 'spacy'",
            hint='Install it: pip install "tertulia[spacy]"; models are packages of their own.',
        ) from error
    return spacy


def is_spacy_model(folder: Path) -> bool:
    """Whether a folder has what spaCy needs to load it."""
    return (folder / CONFIG).is_file() and (folder / META).is_file()


def folded(text: str) -> str:
    """Return the text in small letters, each at its old place."""
    return "".join(low if len(low := sign.lower()) == 1 else sign for sign in text)


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        digest.update(str(path.relative_to(folder)).encode() + b"\0")
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _steps(language: Any, *, with_entities: bool) -> Iterator[Step]:
    for name, component in language.pipeline:
        finds_entities = _ENTITIES in language.get_pipe_meta(name).assigns
        if with_entities or not finds_entities:
            yield getattr(component, "pipe", None) or _each(component)


def _each(component: Any) -> Step:
    return lambda docs: [component(doc) for doc in docs]


def _of_length_one(vector: FloatArray) -> FloatArray:
    return vector / max(float(np.linalg.norm(vector)), _TINY)


def _width(doc: Doc) -> int:
    return int(doc[0].vector.shape[0])


def _as_written(reading: Reading, text: str) -> Reading:
    words = [
        Word(text[one.start : one.end], one.start, one.end, one.lemma, one.tag)
        for one in reading.words
    ]
    return Reading(words, reading.mean, reading.most)


def _named(doc: Doc) -> list[Named]:
    return [Named(one.label_, one.start_char, one.end_char) for one in doc.ents]
