"""Splitting, converting and migrating data, in processes of their own."""

import shutil
from pathlib import Path

import pytest

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import read_nlu
from tests.integration.programs import copied, run


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    return copied("smalltalk", tmp_path)


def examples(folder: Path) -> list[tuple[str | None, str]]:
    data = read_nlu([folder], diagnostics=Diagnostics())
    return sorted((one.label, one.text) for one in data.examples)


def test_examples_are_parted_and_nothing_is_lost(bot: Path) -> None:
    done = run("data", "split", "nlu", "--random-seed", "1", folder=bot)
    assert done.status == 0, done.err
    parts = bot / "train_test_split"
    assert {path.name for path in parts.iterdir()} == {"training_data.yml", "test_data.yml"}
    assert examples(parts) == examples(bot / "data")


def test_parts_are_not_written_over(bot: Path) -> None:
    assert run("data", "split", "nlu", folder=bot).status == 0
    again = run("data", "split", "nlu", folder=bot)
    assert again.status == 1
    assert "T386" in again.err


def test_stories_are_parted_file_by_file(bot: Path) -> None:
    done = run("data", "split", "stories", "--training-fraction", "0.5", folder=bot)
    assert done.status == 0, done.err
    assert (bot / "train_test_split" / "train_stories.yml").is_file()
    assert (bot / "train_test_split" / "test_stories.yml").is_file()


def test_examples_go_through_every_format_and_come_back(bot: Path) -> None:
    for kind, source, out in (
        ("md", "data", "one.md"),
        ("json", "one.md", "two.json"),
        ("yaml", "two.json", "three.yml"),
        ("md", "three.yml", "four.md"),
    ):
        done = run("data", "convert", "nlu", "-f", kind, "--data", source, "--out", out, folder=bot)
        assert done.status == 0, done.err
        assert "Read back and compared: the same" in done.out
    assert (bot / "one.md").read_text() == (bot / "four.md").read_text()


def test_stories_of_0x_become_yaml_and_markdown_again(tmp_path: Path) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    to_yaml = ("data", "convert", "core", "--data", "stories.md", "--out", "new.yml")
    assert run(*to_yaml, folder=bot).status == 0
    back = ("data", "convert", "core", "-f", "md", "--data", "new.yml", "--out", "back.md")
    assert run(*back, folder=bot).status == 0
    assert "## " in (bot / "back.md").read_text()


def test_rules_are_refused_where_markdown_has_none(bot: Path) -> None:
    done = run("data", "convert", "core", "-f", "md", folder=bot)
    assert done.status == 1
    assert "T358" in done.err
    assert not (bot / "converted_data.md").exists()


def test_a_migrated_0x_project_trains_and_passes_its_stories(tmp_path: Path) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    (bot / "data").mkdir()
    shutil.move(bot / "stories.md", bot / "data")
    shutil.move(bot / "nlu.md", bot / "data")
    options = ("--project", "-c", "nlu_config.yml", "policies.yml", "--out", "new")
    done = run("data", "migrate", *options, folder=bot)
    assert done.status == 0, done.out + done.err
    assert "the same actions, intents, entities, slots and forms at each step" in done.out
    trained = run("train", folder=bot / "new")
    assert trained.status == 0, trained.out + trained.err
    tested = run("test", "core", "--no-plot", folder=bot / "new")
    assert tested.status == 0, tested.err
    assert "FAILED" not in tested.out
    again = run("data", "migrate", *options, folder=bot)
    assert (again.status, "T386" in again.err) == (1, True)


def test_the_old_domain_is_kept_beside_the_new_one(bot: Path) -> None:
    old = (bot / "domain.yml").read_text()
    done = run("data", "migrate", folder=bot)
    assert done.status == 0, done.err
    assert (bot / "original_domain.yml").read_text() == (bot / "domain.yml").read_text() == old
    assert (bot / "new_domain.yml").read_text().startswith('version: "3.1"')
    assert run("data", "migrate", folder=bot).status == 1
