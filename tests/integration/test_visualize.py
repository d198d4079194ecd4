"""Drawing stories, in a process of its own."""

from pathlib import Path

import pytest

from tests.integration.programs import copied, run


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    return copied("smalltalk", tmp_path)


def test_the_stories_of_a_project_are_drawn(bot: Path) -> None:
    done = run("visualize", folder=bot)
    assert done.status == 0, done.err
    text = (bot / "graph.html").read_text()
    assert "START" in text
    assert "utter_greet" in text


def test_messages_can_stand_in_place_of_intents(bot: Path) -> None:
    assert run("visualize", "-u", "data", "--out", "pages/one.html", folder=bot).status == 0
    assert ">greet<" not in (bot / "pages" / "one.html").read_text()


def test_a_project_of_0x_is_drawn_as_well(tmp_path: Path) -> None:
    bot = copied("legacy_moodbot", tmp_path)
    assert run("visualize", "-s", "stories.md", "--max-history", "1", folder=bot).status == 0
    assert "END" in (bot / "graph.html").read_text()


def test_large_projects_are_cut_to_what_can_be_looked_at(bot: Path) -> None:
    lines = ['version: "3.1"\nstories:']
    for number in range(300):
        lines.append(f"- story: s{number}\n  steps:")
        lines += [f"  - intent: greet\n  - action: a{number}_{step}" for step in range(20)]
    (bot / "many.yml").write_text("\n".join(lines) + "\n")
    done = run("visualize", "-s", "many.yml", folder=bot)
    assert done.status == 0, done.err
    assert "of 300 stories are drawn" in done.out
    assert (bot / "graph.html").stat().st_size < 500_000


def test_no_stories_is_said(bot: Path) -> None:
    (bot / "none").mkdir()
    done = run("visualize", "-s", "none", folder=bot)
    assert (done.status, "T391" in done.err) == (1, True)
