"""Which dialect and generation a domain file is of."""

from pathlib import Path

import pytest
from tests.unit.data.domain.reading import clean, problems, read

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Dialect, Generation
from tertulia.data.domain import read_domain, read_domain_text


@pytest.mark.parametrize(
    "text",
    [
        "templates: {utter_a: [text]}",
        "forms: [f]",
        "slots: {a: {type: unfeaturized}}",
        "slots: {a: {type: rasa_core.slots.TextSlot}}",
        "intents: [a]\nconfig: {restart_intent: again}",
    ],
)
def test_signs_of_0x_make_a_legacy_domain(text: str) -> None:
    domain = clean(text)
    assert (domain.dialect, domain.generation) == (Dialect.LEGACY, Generation.LEGACY)


@pytest.mark.parametrize(
    "text",
    [
        'version: "2.0"\nintents: [a]',
        "forms: {f: {a: [{type: from_text}]}}\nslots: {a: {type: text}}",
        "forms: {f: {required_slots: {a: [{type: from_text}]}}}\nslots: {a: {type: text}}",
        "slots: {a: {type: text, auto_fill: false}}",
        "slots: {a: {type: rasa.shared.core.slots.TextSlot}}",
    ],
)
def test_signs_of_2x_make_a_modern_domain_of_that_dialect(text: str) -> None:
    domain = clean(text)
    assert (domain.dialect, domain.generation) == (Dialect.V2, Generation.MODERN)


@pytest.mark.parametrize("text", ['version: "3.1"\nintents: [a]', "intents: [a]", "{}", ""])
def test_everything_else_is_read_as_the_newest(text: str) -> None:
    domain = clean(text)
    assert (domain.dialect, domain.generation) == (Dialect.V3, Generation.MODERN)


def test_the_caller_may_know_that_a_bot_is_legacy() -> None:
    domain = clean("intents: [a]\nslots: {b: {type: text}}", Generation.LEGACY)
    assert domain.dialect is Dialect.LEGACY
    assert list(domain.intents) == ["a"]


def test_signs_of_0x_in_a_modern_bot_are_read_as_2x() -> None:
    domain, noted = read("templates: {utter_a: [{text: x}]}\nforms: [f]", Generation.MODERN)
    assert noted == []
    assert (domain.dialect, domain.generation) == (Dialect.V2, Generation.MODERN)
    assert domain.forms["f"].is_remote
    assert "utter_a" in domain.responses


@pytest.mark.parametrize(
    ("version", "noted"),
    [
        ("3.1", ["1 T202"]),
        ("2.0", ["1 T202"]),
        ('"3.0"', ["1 warning T204"]),
        ('"1.10"', ["1 warning T204"]),
        ('"newest"', ["1 warning T204"]),
        ('"2.0"', []),
        ('"3.1"', []),
        ("null", []),
    ],
)
def test_an_odd_version_is_noted_and_the_file_is_read(version: str, noted: list[str]) -> None:
    domain, found = read(f"version: {version}\nintents: [a]")
    assert found == noted
    assert "a" in domain.intents


@pytest.mark.parametrize("version", ["3.2", "4.0", "10.1"])
def test_a_version_from_the_future_leaves_the_file_out(version: str) -> None:
    domain, found = read(f'version: "{version}"\nintents: [a]')
    assert found == ["1 warning T203"]
    assert "a" not in domain.intents
    assert "nlu_fallback" in domain.intents


def test_yes_is_a_word_in_modern_files_and_a_boolean_in_legacy_ones() -> None:
    assert "yes" in clean("intents: [yes]").intents
    domain, found = read("templates: {}\nintents:\n- yes\n- ok")
    assert found == ["3 T209"]
    assert list(domain.intents) == ["ok"]


def test_environment_variables_are_filled_in() -> None:
    domain, found = read("intents:\n- ${NAME}", env={"NAME": "greet"})
    assert found == []
    assert "greet" in domain.intents


@pytest.mark.parametrize("text", ["- a", "hello", "pipeline: []"])
def test_a_file_without_any_section_is_no_domain(text: str) -> None:
    noted = Diagnostics()
    assert read_domain_text(text, file="d.yml", diagnostics=noted) is None
    assert problems(noted) == ["1 T201"]


def test_invalid_yaml_is_noted_once() -> None:
    noted = Diagnostics()
    text = "templates: {}\nintents: [a, a: b: c]"
    assert read_domain_text(text, file="d.yml", diagnostics=noted) is None
    assert problems(noted) == ["2 T110"]


def test_a_duplicate_key_is_noted_once_though_legacy_files_are_read_twice() -> None:
    _, found = read("templates: {}\nslots:\n  a: {type: text}\n  a: {type: list}")
    assert found == ["4 T115"]


def test_a_section_with_a_slip_of_the_pen_is_noted() -> None:
    _, found = read("intents: [a]\nentitties: [b]\nnlu: []\nx_own_notes: hello")
    assert found == ["2 warning T207"]


def test_a_section_without_value_counts_as_absent() -> None:
    assert clean('version: "3.1"\nintents:\nslots:\nresponses:\nactions:\n').actions == ()


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")


def test_a_folder_gives_the_domain_of_its_domain_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="intents: [greet]",
        b="responses: {utter_a: [{text: x}]}",
        config="pipeline: []",
        nlu="nlu: []",
        list="- 1",
    )
    (tmp_path / "notes.md").write_text("intents: [no]", encoding="utf-8")
    noted = Diagnostics()
    domain = read_domain([tmp_path], diagnostics=noted)
    assert noted.problems == []
    assert domain is not None
    assert "greet" in domain.intents
    assert "utter_a" in domain.responses


def test_signs_in_one_file_count_for_the_others(tmp_path: Path) -> None:
    write(tmp_path, a="slots: {s: {type: text}}", b="templates: {utter_a: [x]}")
    domain = read_domain([tmp_path], diagnostics=Diagnostics())
    assert domain is not None
    assert domain.generation is Generation.LEGACY
    assert domain.slots["s"].auto_fill


def test_a_folder_without_domain_files_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, nlu="nlu: []")
    noted = Diagnostics()
    assert read_domain([tmp_path], diagnostics=noted) is None
    assert problems(noted) == ["- T201"]


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    noted = Diagnostics()
    assert read_domain([tmp_path / "domain.yml"], diagnostics=noted) is None
    assert [problem.code for problem in noted.errors] == ["T123"]
