"""A folder with a small language model to a vector for each text. Nothing is ever downloaded.

The folder is that of a sentence-transformers model of the BERT family: `config.json`, `vocab.txt`,
`model.safetensors`, and optionally `tokenizer_config.json`, `sentence_bert_config.json` and
`1_Pooling/config.json`.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np

from tertulia.ml.bert import Bert, BertShape
from tertulia.ml.onnx_bert import RUNTIME, OnnxBert
from tertulia.ml.parts import Array, Parts
from tertulia.ml.rarity import Rarity
from tertulia.ml.safetensors import read_arrays
from tertulia.ml.sparse import FloatArray, IntArray
from tertulia.ml.wordpiece import WordPiece

CONFIG, VOCABULARY, WEIGHTS = "config.json", "vocab.txt", "model.safetensors"
_LONGEST = 128
_BATCH = 32
_TINY = np.float32(1e-12)
S = TypeVar("S", bound=msgspec.Struct)


class _Tokenizing(msgspec.Struct, frozen=True):
    do_lower_case: bool = True


class _Pooling(msgspec.Struct, frozen=True):
    pooling_mode_cls_token: bool = False
    pooling_mode_mean_tokens: bool = True


class _Limit(msgspec.Struct, frozen=True):
    max_seq_length: int = _LONGEST


class Encoder(Protocol):
    """Numbers of pieces to vectors. shape: of the model. pieces: how many it knows."""

    @property
    def shape(self) -> BertShape:
        """Return sizes and numbers of layers and heads."""
        ...

    @property
    def pieces(self) -> int:
        """Return the number of pieces known."""
        ...

    def states(self, ids: IntArray, layers: Sequence[int]) -> list[FloatArray]:
        """Return (texts, pieces, size) after each of `layers`; see `Bert`."""
        ...


def encoder_for(arrays: Mapping[str, Array], shape: BertShape) -> Encoder:
    """Return the quickest one that can be had here; all agree to 1e-5.

    Raises:
        ValueError: arrays are missing or have another shape than `shape` says.
    """
    return Bert(arrays, shape) if find_spec(RUNTIME) is None else OnnxBert(arrays, shape)


class SentenceEncoder:
    """Texts to vectors of length one. Immutable, so threads may share it.

    digest: of weights and vocabulary, to notice when a folder has been exchanged.
    """

    def __init__(
        self, tokenizer: WordPiece, bert: Encoder, *, first_only: bool, digest: str
    ) -> None:
        self._tokenizer = tokenizer
        self._bert = bert
        self._first_only = first_only
        layers = bert.shape.num_hidden_layers
        self._layers = (layers - 1, max(0, 2 * layers // 3 - 1))
        self.digest = digest

    @classmethod
    def load(cls, folder: Path) -> "SentenceEncoder":
        """Return the encoder in a folder.

        Raises:
            OSError: a file is missing or cannot be read.
            ValueError, ModelError: a file holds something else, or a model of another kind.
        """
        shape = msgspec.json.decode((folder / CONFIG).read_bytes(), type=BertShape)
        weights = (folder / WEIGHTS).read_bytes()
        vocabulary = (folder / VOCABULARY).read_bytes()
        limit = min(
            _read(folder / "sentence_bert_config.json", _Limit).max_seq_length,
            shape.max_position_embeddings,
            _LONGEST,
        )
        terms = vocabulary.decode("utf-8").splitlines()
        lower = _read(folder / "tokenizer_config.json", _Tokenizing).do_lower_case
        bert = encoder_for(read_arrays(weights), shape)
        if len(terms) > bert.pieces:
            raise ValueError("the vocabulary has more pieces than the model")
        return cls(
            WordPiece(terms, lower=lower, limit=limit),
            bert,
            first_only=_read(folder / "1_Pooling/config.json", _Pooling).pooling_mode_cls_token,
            digest=hashlib.blake2b(weights + vocabulary, digest_size=16).hexdigest(),
        )

    @property
    def width(self) -> int:
        """Size of a vector."""
        return self._bert.shape.hidden_size

    def rarity(self, texts: Iterable[str]) -> Rarity:
        """Return how much each piece counts in texts that are like these."""
        return Rarity.of((self._tokenizer.ids(text) for text in texts), self._bert.pieces)

    def with_rarity(self, parts: Parts) -> Rarity | None:
        """Return what `rarity` found before; None of an older release.

        Raises:
            ValueError: it is of another vocabulary.
        """
        return Rarity.from_parts(parts, self._bert.pieces)

    def vectors(
        self, texts: Sequence[str], *, early: bool = False, rarity: Rarity | None = None
    ) -> FloatArray:
        """Return (texts, width), or with `early` (texts, 2 x width), each width of length one.

        early: behind the vector that the model was made for stands the mean of the pieces two
        thirds of the way, where they still say more about words. Costs next to nothing. rarity: how
        much pieces count in the first mean, all the same without. Texts of the same length are
        computed together.
        """
        ids = [self._tokenizer.ids(text) for text in texts]
        out = np.empty((len(texts), 1 + early, self.width), dtype=np.float32)
        order = sorted(range(len(ids)), key=lambda at: len(ids[at]))
        while order:
            length = len(ids[order[0]])
            part = [at for at in order[:_BATCH] if len(ids[at]) == length]
            order = order[len(part) :]
            numbers = np.asarray([ids[at] for at in part], dtype=np.int64)
            states = self._bert.states(numbers, self._layers[: 1 + early])
            out[part, 0] = self._pooled(states[0], numbers, rarity)
            if early:
                out[part, 1] = states[1].mean(axis=1)
        out /= np.maximum(np.linalg.norm(out, axis=2, keepdims=True), _TINY)
        return out.reshape(len(texts), -1)

    def _pooled(self, states: FloatArray, ids: IntArray, rarity: Rarity | None) -> FloatArray:
        if self._first_only:
            return states[:, 0]
        return states.mean(axis=1) if rarity is None else rarity.mean(states, ids)


def _read(path: Path, kind: type[S]) -> S:
    """Return an optional file of settings; its defaults when it is not there."""
    if not path.is_file():
        return kind()
    found: Any = msgspec.json.decode(path.read_bytes(), type=kind)
    return found
