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


def test_a_project_whose_files_have_names_of_their_own_is_not_migrated_to_nothing(
    tmp_path: Path,
) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    migrate = ("data", "migrate", "--project")
    no_data = run(*migrate, folder=bot)
    assert no_data.status == 1
    assert "T157" in no_data.err
    assert "--data; here are nlu.md, stories.md" in no_data.err
    no_config = run(*migrate, "--data", "nlu.md", "stories.md", folder=bot)
    assert no_config.status == 1
    assert "--config; here are nlu_config.yml, policies.yml" in no_config.err
    assert not (bot / "migrated").exists()
    whole = (*migrate, "--data", "nlu.md", "stories.md", "--config", "nlu_config.yml")
    done = run(*whole, "policies.yml", folder=bot)
    assert done.status == 0, done.err
    assert "the same" in done.out
    assert "Copy what belongs to it yourself: credentials.yml" in done.out


def test_without_stories_nothing_is_said_to_be_the_same(tmp_path: Path) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    done = run("data", "migrate", folder=bot)
    assert done.status == 0, done.err
    assert "there are no stories to replay" in done.out
    assert "the same" not in done.out


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_beginning_of_a_command_shows_how_it_goes_on(tmp_path: Path, option: str) -> None:
    done = run("data", "convert", option, folder=tmp_path)
    assert done.status == 0
    assert "data convert nlu" in done.out
    assert "data split" not in done.out


def test_a_command_that_is_cut_short_names_what_may_follow(tmp_path: Path) -> None:
    done = run("data", "convert", folder=tmp_path)
    assert done.status == 2
    assert "`data convert` needs one more word: data convert nlu, data convert core." in done.err
