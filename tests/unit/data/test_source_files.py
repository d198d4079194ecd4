"""Finding the files of a project."""

from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.source_files import find_files, short_names, shown_names


def names(folder: Path, *paths: str) -> list[str]:
    diagnostics = Diagnostics()
    found = find_files([folder / path for path in paths], diagnostics=diagnostics)
    assert diagnostics.problems == []
    return [path.relative_to(folder).as_posix() for path in found]


def make(folder: Path, *files: str) -> None:
    for name in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def test_folders_are_searched_to_the_bottom_in_order(tmp_path: Path):
    make(tmp_path, "data/b.yml", "data/a/c.yml", "data/.hidden", "data/.git/x")
    assert names(tmp_path, "data") == ["data/a/c.yml", "data/b.yml"]


def test_a_file_named_twice_is_found_once(tmp_path: Path):
    make(tmp_path, "data/a.yml", "data/b.yml")
    assert names(tmp_path, "data/b.yml", "data") == ["data/b.yml", "data/a.yml"]


def test_a_hidden_file_is_found_when_it_is_named_itself(tmp_path: Path):
    make(tmp_path, ".a.yml")
    assert names(tmp_path, ".a.yml") == [".a.yml"]


def test_links_are_followed_and_a_loop_ends(tmp_path: Path):
    make(tmp_path, "other/x.yml", "data/a.yml")
    (tmp_path / "data/link").symlink_to(tmp_path / "other")
    (tmp_path / "other/back").symlink_to(tmp_path / "data")
    assert names(tmp_path, "data") == ["data/a.yml", "data/link/x.yml"]


def test_a_missing_path_is_a_problem_and_the_others_are_found(tmp_path: Path):
    make(tmp_path, "a.yml")
    diagnostics = Diagnostics()
    found = find_files([tmp_path / "gone", tmp_path / "a.yml"], diagnostics=diagnostics)
    assert found == [tmp_path / "a.yml"]
    assert [problem.code for problem in diagnostics.errors] == ["T123"]


def test_short_names_begin_where_paths_part():
    files = ["/srv/bots/bot/data/a.yml", "/srv/bots/bot/data/more/b.yml", "bot/rules.yml"]
    assert short_names(files) == {
        "/srv/bots/bot/data/a.yml": "a.yml",
        "/srv/bots/bot/data/more/b.yml": "more/b.yml",
        "bot/rules.yml": "rules.yml",
    }


def test_short_names_are_the_same_however_a_path_is_given():
    given = short_names(["data/a.yml", "data/more/b.yml", "b.yml"])
    rooted = short_names(["/x/data/a.yml", "/x/data/more/b.yml", "/x/b.yml"])
    assert list(given.values()) == ["b.yml", "data/a.yml", "data/more/b.yml"]
    assert list(rooted.values()) == list(given.values())


def test_a_shown_name_is_the_path_as_given_but_never_one_from_a_root():
    found = shown_names(["data/a.yml", "/x/data/b.yml", "/x/rules/c.yml", "<request>"])
    assert found == {
        "data/a.yml": "data/a.yml",
        "<request>": "<request>",
        "/x/data/b.yml": "data/b.yml",
        "/x/rules/c.yml": "rules/c.yml",
    }
