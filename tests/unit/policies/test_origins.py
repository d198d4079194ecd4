"""The table of places that lessons come from."""

from typing import Any

import pytest

from tertulia.base.errors import ModelError
from tertulia.base.source import SourceSpan
from tertulia.core.events import ActionExecuted
from tertulia.data.generate import TrainingEvent
from tertulia.policies.origins import Origin, Origins, pack_origins, unpack_origins

HERE = Origin("greet", "data/rules.yml", 12, 3)


def placed(story: str, file: str, line: int) -> TrainingEvent:
    return TrainingEvent(ActionExecuted(name="x"), SourceSpan(file, line), story=story)


def test_a_reason_names_story_file_and_line_and_how_many_places_there_are() -> None:
    assert HERE.reason("rule") == {
        "by": "rule",
        "name": "greet",
        "at": "data/rules.yml:12",
        "places": 3,
    }


def test_what_is_not_known_is_left_out_of_a_reason() -> None:
    assert Origin("greet").reason("story") == {"by": "story", "name": "greet"}


def test_the_first_place_is_kept_and_different_ones_are_counted() -> None:
    origins: Origins[str] = Origins({})
    for line in (4, 9, 4):
        origins.note("key", placed("s", "a.yml", line))
    assert origins.of(["key", "other"]) == {"key": Origin("s", "a.yml", 4, 2)}


def test_a_file_is_called_as_the_training_run_calls_it() -> None:
    origins: Origins[str] = Origins({"/srv/bots/bot/data/a.yml": "data/a.yml"})
    origins.note("key", placed("s", "/srv/bots/bot/data/a.yml", 4))
    assert origins.of(["key"])["key"].file == "data/a.yml"


def test_a_path_from_a_root_never_gets_in() -> None:
    origins: Origins[str] = Origins({})
    origins.note("key", placed("s", "/srv/bots/bot/data/a.yml", 4))
    assert origins.of(["key"])["key"].file == "a.yml"


def test_a_table_comes_back_by_its_keys() -> None:
    listed = [HERE, None, Origin("bye", "data/rules.yml", 20)]
    raw = pack_origins(listed)
    assert (raw["names"], raw["files"]) == (["greet", "bye"], ["data/rules.yml"])
    assert unpack_origins(raw, "abc") == {"a": HERE, "c": listed[2]}


def test_a_model_without_a_table_has_no_origins() -> None:
    assert unpack_origins(None, ["a"]) == {}


@pytest.mark.parametrize(
    "raw",
    [
        [],
        {"names": ["n"], "files": ["f"], "rows": []},
        {"names": ["n"], "files": ["f"], "rows": [[1, 0, 3, 1]]},
        {"names": ["n"], "files": ["f"], "rows": [[0, -1, 3, 1]]},
        {"names": ["n"], "files": ["f"], "rows": [["0", 0, 3, 1]]},
    ],
)
def test_a_damaged_table_is_refused(raw: Any) -> None:
    with pytest.raises(ModelError) as found:
        unpack_origins(raw, ["a"])
    assert found.value.code == "T420"
