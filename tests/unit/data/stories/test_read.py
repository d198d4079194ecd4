from pathlib import Path

from tests.unit.data.stories.reading import read_text, small_domain

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.stories.markdown import Kind
from tertulia.data.stories.model import StoryData
from tertulia.data.stories.read import read_stories

_YAML = 'version: "3.1"\nstories:\n- story: y\n  steps:\n  - intent: greet\n'


def folder(tmp_path: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def read(*paths: Path, kind: Kind = "train") -> tuple[StoryData, Diagnostics]:
    diagnostics = Diagnostics()
    data = read_stories(list(paths), domain=None, kind=kind, diagnostics=diagnostics)
    return data, diagnostics


def names(data: StoryData) -> list[str]:
    return [story.name for story in (*data.stories, *data.rules)]


def test_stories_of_both_formats_are_found_among_other_files(tmp_path: Path):
    root = folder(
        tmp_path,
        {
            "a/stories.yml": _YAML,
            "b/stories.md": "## m\n* greet\n- utter_hi\n",
            "b/nlu.md": "## intent:greet\n- hello\n",
            "README.md": "# Bot\n\nSome words about it.\n\n## Run\n- start it\n",
            "domain.yml": "intents: [greet]\n",
            "nlu.yml": "nlu:\n- intent: greet\n  examples: |\n    - hi\n",
            "actions.py": "## not a story\n- a\n",
            "test_stories.yml": _YAML.replace("y\n", "t\n", 1),
            "picture.png": "\x00",
        },
    )
    data, diagnostics = read(root)
    assert diagnostics.problems == []
    assert names(data) == ["y", "m"]


def test_only_test_stories_are_read_when_testing(tmp_path: Path):
    root = folder(
        tmp_path,
        {
            "stories.yml": _YAML,
            "test_stories.yml": _YAML.replace("story: y", "story: t"),
            "plain.md": "## m\n* greet\n- utter_hi\n",
            "e2e.md": "## e\n* greet: hello\n- utter_hi\n",
        },
    )
    data, diagnostics = read(root, kind="test")
    assert diagnostics.problems == []
    assert sorted(names(data)) == ["e", "t"]
    assert all(story.is_test for story in data.stories)


def test_a_named_file_of_no_known_format_is_an_error(tmp_path: Path):
    path = folder(tmp_path, {"x.md": "Just words.\n"}) / "x.md"
    _, diagnostics = read(path)
    assert [p.code for p in diagnostics.errors] == ["T322"]


def test_a_missing_path_is_an_error(tmp_path: Path):
    _, diagnostics = read(tmp_path / "nowhere")
    assert len(diagnostics.errors) == 1


def test_a_file_of_a_newer_version_is_skipped_with_a_warning():
    data, diagnostics = read_text(_YAML.replace("3.1", "99.0"))
    assert names(data) == []
    assert len(diagnostics.warnings) == 1


def test_conditions_of_a_checkpoint_in_the_middle_are_a_warning():
    _, diagnostics = read_text('## s\n* greet\n> c{"vip": true}\n- utter_hi\n', file="s.md")
    assert [(p.code, str(p.at)) for p in diagnostics.problems] == [("T315", "s.md:3:1")]


def test_default_actions_responses_forms_and_old_names_are_known():
    lines = ["action_listen", "utter_hi", "form_a", "action_deactivate_form", "restart", "..."]
    text = "## s\n* greet\n" + "".join(f"- {line}\n" for line in lines)
    assert read_text(text, file="s.md", domain=small_domain())[1].problems == []
