"""Make the table of English word vectors that comes with the package, from a small language model.

    python tools/word_vectors.py FOLDER [--out FILE]

FOLDER holds all-MiniLM-L6-v2 (Apache-2.0): config.json, vocab.txt, model.safetensors. Each piece of
its vocabulary is read alone; what the last layer makes of it stands beside what the model knows of
it before any layer, both of length one. The common part is taken out, the greatest directions are
kept, and each number becomes four bits. A piece counts the less, the more frequent it is (Arora et
al. 2017, by Zipf's law: the vocabulary lists pieces by frequency). About a minute of one core. The
same folder gives the same table on the same machine; another one may round a number elsewhere.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec
import numpy as np

from tertulia.ml.bert import Bert, BertShape
from tertulia.ml.safetensors import read_arrays
from tertulia.ml.sparse import FloatArray
from tertulia.ml.word_vectors import MOST, packed

WIDTH = 256
# The piece of this rank by frequency counts half.
_HALF = 18.0
# Numbers further out than this many standard deviations are cut off, which four bits need.
_REACH = 2.8
_BATCH = 256
_MARKS = ("[UNK]", "[CLS]", "[SEP]")
_FIRST_WORD = "the"
_OUT = Path(__file__).parents[1] / "src" / "tertulia" / "ml" / "english.safetensors"


def chosen(terms: Sequence[str]) -> list[int]:
    """Return the numbers of the pieces that are kept: those of ASCII signs."""
    first = terms.index(_FIRST_WORD)
    signs = [at for at in range(first) if len(terms[at]) == 1 and terms[at].isascii()]
    return signs + [at for at in range(first, len(terms)) if terms[at].isascii()]


def meanings(bert: Bert, terms: Sequence[str], numbers: Sequence[int]) -> FloatArray:
    """Return (pieces, 2 x size): what the model makes of each alone, and what it begins with."""
    begin, end = terms.index("[CLS]"), terms.index("[SEP]")
    halves: list[FloatArray] = []
    for cut in range(0, len(numbers), _BATCH):
        part = numbers[cut : cut + _BATCH]
        ids = np.asarray([(begin, number, end) for number in part], dtype=np.int64)
        (last,) = bert.states(ids, (bert.shape.num_hidden_layers - 1,))
        alone = bert.embedding.words[ids[:, 1]]
        halves.append(np.concatenate([_unit(last.mean(axis=1)), _unit(alone)], 1))
    return np.concatenate(halves)


def narrowed(vectors: FloatArray, words: slice) -> FloatArray:
    """Return (pieces, WIDTH): without what all `words` share, along their greatest directions."""
    centred = vectors - vectors[words].mean(axis=0)
    _, _, directions = np.linalg.svd(centred[words], full_matrices=False)
    kept = cast(FloatArray, directions[:WIDTH])
    # The sign of a direction is chance; its greatest number shall be positive.
    greatest = kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)]
    return centred @ (kept * np.sign(greatest)[:, None]).T


def weights_of(terms: Sequence[str]) -> FloatArray:
    """Return (terms,) how much each counts, by its rank in the vocabulary; signs as the first."""
    ranks = np.maximum(1, np.arange(len(terms)) - terms.index(_FIRST_WORD) + 1)
    return (ranks / (ranks + _HALF)).astype(np.float32)


def table(folder: Path) -> bytes:
    """Return the bytes of the table."""
    shape = msgspec.json.decode((folder / "config.json").read_bytes(), type=BertShape)
    bert = Bert(read_arrays((folder / "model.safetensors").read_bytes()), shape)
    terms = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
    numbers = chosen(terms)
    signs = sum(number < terms.index(_FIRST_WORD) for number in numbers)
    vectors = narrowed(meanings(bert, terms, numbers), slice(signs, None))
    scales = vectors[signs:].std(axis=0) * np.float32(_REACH / MOST)
    weights = weights_of(terms)[numbers]
    nothing = len(_MARKS)
    return packed(
        [*_MARKS, *(terms[number] for number in numbers)],
        np.concatenate([np.zeros((nothing, WIDTH), dtype=np.float32), vectors]),
        np.concatenate([np.zeros(nothing, dtype=np.float32), weights]),
        scales,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="holds the language model")
    parser.add_argument("--out", type=Path, default=_OUT, help="the file to write")
    given = parser.parse_args(arguments)
    content = table(given.folder)
    given.out.write_bytes(content)
    print(f"{given.out}: {len(content)} bytes")
    return 0


def _unit(vectors: FloatArray) -> FloatArray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-6))


if __name__ == "__main__":
    sys.exit(main())
