"""NLU data of whole folders."""

from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import NluData, read_nlu


def read(*paths: Path) -> tuple[NluData, list[str]]:
    diagnostics = Diagnostics()
    data = read_nlu(paths, diagnostics=diagnostics)
    return data, [problem.code for problem in diagnostics.problems]


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text)


def test_all_formats_of_a_folder_are_merged_and_the_rest_is_passed_over(tmp_path: Path):
    write(
        tmp_path,
        a_yml="nlu:\n- intent: a\n  examples: |\n    - one\n",
        b_md="## intent:b\n- two\n",
        c_json='{"rasa_nlu_data": {"common_examples": [{"text": "three", "intent": "c"}]}}',
        rules_yml="rules: []\n",
        stories_md="## path\n* greet\n - utter_greet\n",
        README_md="words only\n",
        other_json="[1, 2]",
        dishes_txt="Soup\n",
    )
    data, problems = read(tmp_path)
    assert problems == []
    assert [(one.intent, one.text) for one in data.examples] == [
        ("a", "one"),
        ("b", "two"),
        ("c", "three"),
    ]


def test_broken_nlu_data_in_a_folder_is_an_error(tmp_path: Path):
    write(tmp_path, a_json='{"rasa_nlu_data": {"common_examples": [}}')
    assert read(tmp_path)[1] == ["T331"]


def test_a_file_without_an_ending_is_recognised_by_what_it_holds(tmp_path: Path):
    path = tmp_path / "nlu"
    path.write_text("## intent:a\n- x\n")
    data, problems = read(path)
    assert problems == []
    assert data.intents == ["a"]


def test_a_named_file_of_no_known_format_is_an_error(tmp_path: Path):
    write(tmp_path, x_txt="words")
    assert read(tmp_path / "x.txt")[1] == ["T330"]


def test_a_missing_path_is_an_error(tmp_path: Path):
    assert read(tmp_path / "gone")[1] == ["T123"]


def test_of_two_definitions_of_a_synonym_the_later_counts(tmp_path: Path):
    write(tmp_path, a_md="## synonym:Rome\n- the city\n", b_md="## synonym:Oslo\n- the city\n")
    assert dict(read(tmp_path)[0].synonyms) == {"the city": "Oslo"}
