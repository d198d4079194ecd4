import json
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.ml.tiny_bert import (
    HEADS,
    LAYERS,
    SIZE,
    TERMS,
    tiny_arrays,
    tiny_config,
    write_tiny_bert,
)

from tertulia.base.errors import ModelError
from tertulia.ml.bert import Bert, BertShape, gelu
from tertulia.ml.onnx_bert import OnnxBert
from tertulia.ml.sentences import SentenceEncoder, encoder_for
from tertulia.ml.wordpiece import WordPiece

Vector = NDArray[np.float64]
TINY = msgspec.convert(tiny_config(), BertShape)


def plain_states(ids: list[int], layers: int = LAYERS) -> list[Vector]:
    """Return what the formulas of the paper give, one token and one head at a time."""
    arrays = {name: array.astype(np.float64) for name, array in tiny_arrays().items()}

    def dense(name: str, x: Vector) -> Vector:
        return arrays[f"{name}.weight"] @ x + arrays[f"{name}.bias"]

    def norm(name: str, x: Vector) -> Vector:
        centred = x - x.mean()
        return (
            centred / math.sqrt(float((centred**2).mean())) * arrays[f"{name}.weight"]
            + (arrays[f"{name}.bias"])
        )

    def bend(x: Vector) -> Vector:
        return np.array([one * 0.5 * (1 + math.erf(one / math.sqrt(2))) for one in x.tolist()])

    e = "embeddings."
    states = [
        norm(
            f"{e}LayerNorm",
            arrays[f"{e}word_embeddings.weight"][number]
            + arrays[f"{e}position_embeddings.weight"][at]
            + arrays[f"{e}token_type_embeddings.weight"][0],
        )
        for at, number in enumerate(ids)
    ]
    size = SIZE // HEADS
    for layer in range(layers):
        p = f"encoder.layer.{layer}."
        q, k, v = (
            [dense(f"{p}attention.self.{name}", one) for one in states]
            for name in ("query", "key", "value")
        )
        after: list[Vector] = []
        for at, state in enumerate(states):
            heads: list[Vector] = []
            for head in range(HEADS):
                own = slice(head * size, (head + 1) * size)
                likeness = np.array([q[at][own] @ one[own] / math.sqrt(size) for one in k])
                share = np.exp(likeness) / np.exp(likeness).sum()
                heads.append(
                    sum((s * one[own] for s, one in zip(share, v, strict=True)), 0 * v[0][own])
                )
            mixed = dense(f"{p}attention.output.dense", np.concatenate(heads))
            inner = norm(f"{p}attention.output.LayerNorm", state + mixed)
            wide = bend(dense(f"{p}intermediate.dense", inner))
            after.append(norm(f"{p}output.LayerNorm", inner + dense(f"{p}output.dense", wide)))
        states = after
    return states


@pytest.fixture(autouse=True, params=["numpy", "onnxruntime"])
def runtime(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Let vectors be computed by each of the two."""
    if request.param == "numpy":
        monkeypatch.setattr("tertulia.ml.sentences.find_spec", lambda name: None)
    return request.param


def test_the_runtime_is_the_quickest_that_is_installed(runtime: str):
    expected = Bert if runtime == "numpy" else OnnxBert
    assert type(encoder_for(tiny_arrays(), TINY)) is expected


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_bert(tmp_path / "tiny")


def test_a_vector_is_what_the_formulas_give(folder: Path):
    ids = [TERMS.index(one) for one in ("[CLS]", "hello", "a", "table", "[SEP]")]
    mean = np.mean(plain_states(ids), axis=0)
    found = SentenceEncoder.load(folder).vectors(["Hello a table"])[0]
    assert found == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_the_pieces_two_thirds_of_the_way_may_stand_behind_it(folder: Path):
    encoder = SentenceEncoder.load(folder)
    texts = ["Hello a table", "hello"]
    both = encoder.vectors(texts, early=True)
    assert np.array_equal(both[:, :SIZE], encoder.vectors(texts))
    ids = [TERMS.index(one) for one in ("[CLS]", "hello", "a", "table", "[SEP]")]
    mean = np.mean(plain_states(ids, layers=1), axis=0)
    assert both[0, SIZE:] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_rare_pieces_may_count_more(folder: Path):
    encoder = SentenceEncoder.load(folder)
    rarity = encoder.rarity(["hello a", "hello table", "hello", "a", "a"])
    found = encoder.vectors(["Hello a table", "a"], early=True, rarity=rarity)
    assert np.array_equal(
        found[:, SIZE:], encoder.vectors(["Hello a table", "a"], early=True)[:, SIZE:]
    )
    ids = [TERMS.index(one) for one in ("[CLS]", "hello", "a", "table", "[SEP]")]
    # Begin and end are in all five texts, hello and a in three, table in one.
    weights = [0.1, math.log(5 / 4), math.log(5 / 4), math.log(5 / 2), 0.1]
    mean = sum(weight * state for weight, state in zip(weights, plain_states(ids), strict=True))
    assert found[0, :SIZE] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-5)


def test_a_model_may_speak_with_its_first_piece_alone(folder: Path):
    (folder / "1_Pooling").mkdir()
    pooling = {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False}
    (folder / "1_Pooling/config.json").write_text(json.dumps(pooling))
    first = plain_states([2, 4, 3])[0]
    encoder = SentenceEncoder.load(folder)
    found = encoder.vectors(["hello"], rarity=encoder.rarity(["a"]))[0]
    assert found == pytest.approx(first / np.linalg.norm(first), abs=1e-5)


def test_texts_together_and_alone_have_the_same_vectors(folder: Path):
    encoder = SentenceEncoder.load(folder)
    texts = ["hello", "a table", "", "booking a table!", "hello"]
    alone = np.concatenate([encoder.vectors([text]) for text in texts])
    assert np.allclose(encoder.vectors(texts), alone, atol=1e-6)


def test_a_text_longer_than_the_model_is_cut(folder: Path):
    assert SentenceEncoder.load(folder).vectors(["hello " * 500]).shape == (1, SIZE)


def test_gelu_is_exact_to_a_millionth():
    points = np.linspace(-6, 6, 500, dtype=np.float32)
    exact = [x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in points.tolist()]
    assert gelu(points) == pytest.approx(np.array(exact), abs=2e-6)


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "gpt2"},
        {"hidden_act": "relu"},
        {"num_attention_heads": 3},
        {"num_attention_heads": 0},
        {"num_hidden_layers": 3},
        {"hidden_size": 4},
    ],
)
def test_a_model_of_another_kind_is_refused(tmp_path: Path, changes: dict[str, object]):
    with pytest.raises(ValueError, match=r"."):
        SentenceEncoder.load(write_tiny_bert(tmp_path / "odd", **changes))


@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("encoder.layer.0.attention.self.key.weight", (SIZE, SIZE + 1)),
        ("encoder.layer.0.intermediate.dense.weight", (16, SIZE - 1)),
        ("encoder.layer.1.output.dense.weight", (SIZE, 15)),
        ("encoder.layer.1.output.dense.bias", (3,)),
        ("encoder.layer.0.attention.output.LayerNorm.weight", (SIZE + 1,)),
    ],
)
def test_weights_that_do_not_fit_together_are_refused(name: str, sizes: tuple[int, ...]):
    arrays = tiny_arrays() | {name: np.ones(sizes, dtype=np.float32)}
    with pytest.raises(ValueError, match="does not fit"):
        encoder_for(arrays, TINY)


def test_a_vocabulary_longer_than_the_weights_is_refused(folder: Path):
    (folder / "vocab.txt").write_text("\n".join([*TERMS, "one", "more"]), "utf-8")
    with pytest.raises(ValueError, match="vocabulary"):
        SentenceEncoder.load(folder)


def test_damaged_weights_are_refused(folder: Path):
    (folder / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    with pytest.raises((ModelError, ValueError)):
        SentenceEncoder.load(folder)


def test_the_digest_tells_weights_apart(tmp_path: Path):
    one = SentenceEncoder.load(write_tiny_bert(tmp_path / "one"))
    two = SentenceEncoder.load(write_tiny_bert(tmp_path / "two", seed=1))
    assert one.digest != two.digest


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("Héllo", ["hello"]),
        ("booking", ["book", "##ing"]),
        ("hello!a", ["hello", "!", "a"]),
        ("京a", ["京", "a"]),
        ("tablet", ["[UNK]"]),
        ("x" * 101, ["[UNK]"]),
        ("a\u200bb\x00 a", ["[UNK]", "a"]),
        ("", []),
    ],
)
def test_words_become_the_longest_pieces_known(text: str, pieces: list[str]):
    found = WordPiece(TERMS, lower=True, limit=12).ids(text)
    assert [TERMS[number] for number in found] == ["[CLS]", *pieces, "[SEP]"]


def test_a_model_that_minds_case_does_not_know_capitals():
    assert WordPiece(TERMS, lower=False, limit=12).ids("Hello") == [2, 1, 3]


def test_a_vocabulary_without_its_marks_is_refused():
    with pytest.raises(ValueError, match=r"\[CLS\]"):
        WordPiece(["hello"], lower=True, limit=5)


@given(st.text(st.characters(max_codepoint=126)))
def test_plain_texts_are_cut_as_all_others_are(text: str):
    tokenizer = WordPiece([*TERMS, "b", "##o"], lower=True, limit=500)
    # A line break at the end takes the way of texts with other signs, and adds nothing.
    assert list(tokenizer.words(text)) == list(tokenizer.words(f"{text}\n"))
