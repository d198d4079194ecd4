"""Trained components as entries of a model."""

import msgspec
import numpy as np
import pytest
from tests.unit.model.samples import sample

from tertulia.base.errors import ModelError
from tertulia.ml.parts import Parts
from tertulia.model.content import Content, check_names
from tertulia.model.parts import from_entries, to_entries

PARTS = {
    "pipeline": Parts(meta={"components": ["b", "a"]}),
    "0.X/../Y": Parts(
        meta={"words": {"z": 0, "a": 1}},
        arrays={"w": np.arange(6, dtype="f4").reshape(2, 3)},
        blobs={"../crf model": b"\0\1", "b": b""},
    ),
}


def content(entries: dict[str, bytes]) -> Content:
    return msgspec.structs.replace(sample(), entries=entries)


def test_parts_come_back_in_their_order() -> None:
    back = from_entries(content(to_entries("nlu", PARTS)), "nlu")
    assert list(back) == list(PARTS)
    for key, part in PARTS.items():
        assert back[key].meta == part.meta
        assert back[key].blobs == part.blobs
        assert back[key].arrays.keys() == part.arrays.keys()
        for name, array in part.arrays.items():
            assert np.array_equal(back[key].arrays[name], array)


def test_the_order_of_keys_in_the_data_is_kept() -> None:
    back = from_entries(content(to_entries("nlu", PARTS)), "nlu")
    assert list(back["0.X/../Y"].meta["words"]) == ["z", "a"]


def test_names_that_components_choose_never_become_names_of_entries() -> None:
    check_names(to_entries("policies", PARTS))


def test_a_model_without_the_section_has_no_parts() -> None:
    assert from_entries(content({"domain.json": b"{}"}), "nlu") == {}
    assert from_entries(content(to_entries("nlu", PARTS)), "policies") == {}


@pytest.mark.parametrize(
    "damage",
    [
        {"nlu/0/meta.json": b"{"},
        {"nlu/0/meta.json": b'{"key": 5, "meta": {}}'},
        {"nlu/0/meta.json": b'{"key": "x", "meta": {}, "module": "os"}'},
        {"nlu/0/meta.json": b'{"key": "0.X/../Y", "meta": {}}'},
        {"nlu/0/meta.json": b'{"key": "x", "meta": ' + b"[" * 100_000},
        {"nlu/1/arrays.safetensors": b"x"},
        {"nlu/1/blobs/0.bin": None},
    ],
)
def test_damage_is_a_model_error(damage: dict[str, bytes | None]) -> None:
    entries = {**to_entries("nlu", PARTS), **damage}
    whole = content({name: data for name, data in entries.items() if data is not None})
    with pytest.raises(ModelError, match="T411"):
        from_entries(whole, "nlu")
