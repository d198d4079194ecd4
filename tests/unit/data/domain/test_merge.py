"""Several files as one domain, and what training data adds."""

from pathlib import Path

from tests.unit.data.domain.reading import clean, problems

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.as_dict import as_dict
from tertulia.core.domain.model import Dialect, Domain, Generation, Variation
from tertulia.data.domain import read_domain, with_e2e_actions, with_retrieval_intents


def read(folder: Path, *texts: str) -> tuple[Domain, Diagnostics]:
    for number, text in enumerate(texts):
        (folder / f"{number}.yml").write_text(text, encoding="utf-8")
    noted = Diagnostics()
    domain = read_domain([folder], diagnostics=noted)
    assert domain is not None
    return domain, noted


def test_the_first_file_wins_and_one_warning_names_all(tmp_path: Path) -> None:
    domain, noted = read(
        tmp_path,
        "responses: {utter_x: [{text: first}]}\nintents: [a: {use_entities: []}]\nentities: [e]",
        "responses: {utter_x: [{text: second}], utter_y: [{text: y}]}\nintents: [b, a]",
    )
    assert domain.responses["utter_x"][0].content == {"text": "first"}
    assert "utter_y" in domain.responses
    assert domain.intents["a"].used_entities == frozenset()
    assert domain.intents["b"].used_entities == {"e"}
    assert problems(noted) == ["2 warning T210"]
    message = noted.warnings[0].message
    assert "intents 'a'" in message
    assert "responses 'utter_x'" in message
    assert "0.yml:1:13" in message


def test_an_action_that_is_a_form_in_the_other_file_is_no_action(tmp_path: Path) -> None:
    form = 'version: "3.1"\nforms: {f: {required_slots: []}}\nactions: [g]'
    other = 'version: "3.1"\nforms: {g: {required_slots: []}}\nactions: [f, action_x]'
    domain, _ = read(tmp_path, form, other)
    assert [action.name for action in domain.actions] == ["action_x"]


def test_a_session_that_is_not_the_default_wins(tmp_path: Path) -> None:
    domain, _ = read(
        tmp_path,
        "session_config: {session_expiration_time: 60}",
        "session_config: {session_expiration_time: 5}",
        "session_config: {session_expiration_time: 7}",
    )
    assert domain.session.expiration_minutes == 5


def test_config_is_taken_key_by_key(tmp_path: Path) -> None:
    domain, _ = read(
        tmp_path, "intents: [a]", "actions: [b]\nconfig: {store_entities_as_slots: false}"
    )
    assert domain.store_entities_as_slots is False


def test_end_to_end_actions_are_united(tmp_path: Path) -> None:
    domain, noted = read(tmp_path, "e2e_actions: [b, a]", "e2e_actions: [c, a]")
    assert domain.e2e_actions == ("a", "b", "c")
    assert noted.problems == []


def test_files_of_2x_and_3x_go_together(tmp_path: Path) -> None:
    domain, noted = read(
        tmp_path,
        'version: "2.0"\nslots: {a: {type: text}}\nforms: {f: {a: [{type: from_text}]}}',
        'version: "3.1"\nslots: {b: {type: text, mappings: []}}',
    )
    assert noted.problems == []
    assert (domain.dialect, domain.generation) == (Dialect.V2, Generation.MODERN)
    assert domain.slots["a"].mappings[0].type == "from_text"
    assert domain.slots["b"].mappings == ()


def test_mappings_move_to_a_slot_in_another_file(tmp_path: Path) -> None:
    domain, _ = read(
        tmp_path,
        "slots: {a: {type: text}}",
        "forms: {f: {required_slots: {a: [{type: from_text}]}}}",
    )
    assert domain.slots["a"].mappings[0].conditions[0].active_loop == "f"


FAQ = {"utter_faq/hours": (Variation(content={"text": "9 to 5"}),)}


def test_retrieval_intents_bring_their_action_and_responses() -> None:
    domain = with_retrieval_intents(
        clean("intents: [greet]\nentities: [e]\nactions: [action_x]"), {"faq"}, FAQ
    )
    assert domain.intents["faq"].is_retrieval
    assert domain.intents["faq"].used_entities == {"e"}
    assert not domain.intents["greet"].is_retrieval
    assert [action.name for action in domain.actions] == ["action_x", "utter_faq"]
    assert domain.responses["utter_faq/hours"] == FAQ["utter_faq/hours"]
    sent = as_dict(domain, "modern")
    assert sent["intents"] == [{"faq": {"is_retrieval_intent": True}}, "greet"]
    assert sent["actions"] == ["action_x", "utter_faq"]
    assert sent["responses"] == {"utter_faq/hours": [{"text": "9 to 5"}]}


def test_a_retrieval_intent_keeps_its_properties_and_the_domains_responses() -> None:
    own = clean(
        "intents: [faq: {use_entities: []}]\nactions: [utter_faq]\n"
        "responses: {utter_faq/hours: [{text: own}]}"
    )
    domain = with_retrieval_intents(own, {"faq"}, FAQ)
    assert [action.name for action in domain.actions] == ["utter_faq"]
    assert domain.responses["utter_faq/hours"][0].content == {"text": "own"}
    assert as_dict(domain, "modern")["intents"] == [
        {"faq": {"use_entities": [], "is_retrieval_intent": True}}
    ]


def test_nothing_to_add_leaves_the_domain_as_it_is() -> None:
    domain = clean("intents: [greet]\ne2e_actions: [a]")
    assert with_retrieval_intents(domain, set(), {}) is domain
    assert with_e2e_actions(domain, ["a"]) is domain


def test_end_to_end_actions_of_stories_are_added() -> None:
    domain = with_e2e_actions(clean("e2e_actions: [b]"), ["c", "a", "b"])
    assert domain.e2e_actions == ("a", "b", "c")
    assert as_dict(domain, "modern")["e2e_actions"] == ["a", "b", "c"]
