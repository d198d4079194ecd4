"""A dialogue model and an NLU model together."""

from collections.abc import Mapping

import pytest
from msgspec.structs import replace
from tests.unit.model.samples import sample

from tertulia.base.errors import ModelError
from tertulia.model.archive import model_bytes, read_model_bytes
from tertulia.model.combine import combine
from tertulia.model.content import Content
from tertulia.model.manifest import Kind
from tertulia.model.settings import ModelSettings, read_settings, settings_bytes


def model(kinds: tuple[Kind, ...], entries: Mapping[str, bytes], **changes: str) -> Content:
    settings = ModelSettings(
        language=changes.get("language"), pipeline=changes.get("pipeline"), policies=["p"]
    )
    manifest = replace(
        sample().manifest,
        kinds=kinds,
        model_id=changes["id"] * 32,
        language=changes.get("language"),
        fingerprints={"core": changes["id"], "nlu": changes["id"]},
    )
    return Content(manifest=manifest, entries={**entries, "config.json": settings_bytes(settings)})


CORE = model(("core",), {"domain.json": b"1", "policies/0/meta.json": b"p"}, id="a", language="en")
NLU = model(("nlu",), {"nlu/0/meta.json": b"n"}, id="b", language="de", pipeline="keyword")
BOTH = model(
    ("core", "nlu"),
    {"domain.json": b"1", "policies/0/meta.json": b"p", "nlu/0/meta.json": b"other"},
    id="c",
)


@pytest.mark.parametrize("core", [CORE, BOTH])
def test_it_decides_as_one_and_understands_as_the_other(core: Content) -> None:
    both = combine(core, NLU)
    assert both.manifest.kinds == ("core", "nlu")
    assert both.manifest.model_id == core.manifest.model_id
    assert both.manifest.language == "de"
    assert both.manifest.fingerprints["nlu"] == "b"
    assert both.entries["domain.json"] == b"1"
    assert both.entries["policies/0/meta.json"] == b"p"
    assert both.entries["nlu/0/meta.json"] == b"n"
    assert read_settings(both) == ModelSettings(language="de", pipeline="keyword", policies=["p"])


def test_the_result_is_a_whole_model() -> None:
    both = combine(CORE, NLU)
    assert read_model_bytes(model_bytes(both)) == both


def test_one_alone_is_itself() -> None:
    assert combine(CORE, None) is CORE
    assert combine(None, NLU) is NLU
    assert combine(BOTH, None) is BOTH


def test_nothing_at_all_is_an_error() -> None:
    with pytest.raises(ModelError, match="T402"):
        combine(None, None)


def test_a_model_without_the_part_it_is_given_for_is_an_error() -> None:
    with pytest.raises(ModelError, match=r"T414.*stories"):
        combine(NLU, None)
    with pytest.raises(ModelError, match=r"T414.*NLU data"):
        combine(CORE, CORE)
