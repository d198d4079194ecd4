"""Names lead to classes by one rule, and a wrong name stops with the nearest known."""

from importlib.metadata import EntryPoint

import pytest

from tertulia.base import registry as registry_module
from tertulia.base.errors import BadComponent, MissingExtra, UnknownComponent
from tertulia.base.registry import Registry
from tertulia.base.source import SourceSpan

HERE = SourceSpan("config.yml", 3)
STORES: Registry[object] = Registry(
    "tracker store",
    {
        "memory": "tertulia.adapters.stores.memory:MemoryStore",
        "far": "no_such_package.inside:Store",
        "odd": "json:nothing_here",
        "function": "json:dumps",
    },
    aliases={"InMemoryTrackerStore": "memory"},
    extras={"far": "far"},
    group="stores",
)


@pytest.mark.parametrize("name", ["memory", "InMemoryTrackerStore"])
def test_a_built_in_is_found_by_its_name_and_by_its_old_name(name: str) -> None:
    assert STORES.find(name).__name__ == "MemoryStore"


def test_a_dotted_path_leads_to_a_class_where_it_is_allowed() -> None:
    assert STORES.find("collections.OrderedDict").__name__ == "OrderedDict"
    with pytest.raises(UnknownComponent):
        STORES.find("collections.OrderedDict", dotted=False)


def test_an_unknown_name_is_refused_at_its_place_with_the_nearest() -> None:
    with pytest.raises(UnknownComponent, match=r"config.yml:3: .*'memroy'.*'memory'"):
        STORES.find("memroy", at=HERE)


def test_a_missing_package_of_a_known_component_names_what_to_install() -> None:
    with pytest.raises(MissingExtra, match=r'pip install "tertulia\[far\]"'):
        STORES.find("far")


@pytest.mark.parametrize("name", ["odd", "no_such_module.Class"])
def test_a_path_that_leads_nowhere_is_unknown(name: str) -> None:
    with pytest.raises((UnknownComponent, MissingExtra)):
        STORES.find(name)


def test_something_that_is_no_class_does_not_fit() -> None:
    with pytest.raises(BadComponent):
        STORES.find("function")


def test_other_packages_add_names_by_an_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    def points(*, group: str) -> list[EntryPoint]:
        assert group == "tertulia.stores"
        return [EntryPoint("theirs", "collections:OrderedDict", group)]

    monkeypatch.setattr(registry_module, "entry_points", points)
    assert STORES.find("theirs").__name__ == "OrderedDict"
