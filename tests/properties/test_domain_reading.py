"""Reading a domain: whatever a file holds, problems are noted and nothing crashes."""

from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.as_dict import as_dict
from tertulia.core.domain.check import check
from tertulia.core.domain.model import Generation
from tertulia.core.slots import dimension
from tertulia.data.domain import read_domain_text
from tertulia.data.yaml import dump

WORDS = st.sampled_from(
    [
        "intents", "entities", "slots", "responses", "templates", "actions", "forms",
        "e2e_actions", "session_config", "config", "version", "type", "text", "mappings",
        "from_entity", "from_text", "entity", "conditions", "active_loop", "values", "float",
        "categorical", "min_value", "initial_value", "auto_fill", "required_slots",
        "ignored_intents", "use_entities", "condition", "slot", "name", "value", "buttons",
        "3.1", "2.0", "1.0", "9.9", "{x}", "{", "yes", "a", "b", "...",
        "session_expiration_time", "influence_conversation", "unfeaturized", "any",
    ]
)  # fmt: skip
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
NAMED = st.dictionaries(WORDS, ANY, max_size=3)
ITEMS = st.lists(WORDS | st.dictionaries(WORDS, ANY, max_size=2), max_size=4)
FILES = st.fixed_dictionaries(
    {},
    optional={
        "version": st.sampled_from(["3.1", "2.0", "3.0", "1.0", 3.1, None, "x"]),
        "intents": ITEMS | ANY,
        "entities": ITEMS | ANY,
        "slots": st.dictionaries(WORDS, NAMED, max_size=3) | ANY,
        "responses": st.dictionaries(WORDS, ITEMS, max_size=3) | ANY,
        "templates": st.dictionaries(WORDS, ITEMS, max_size=3) | ANY,
        "actions": ITEMS | ANY,
        "forms": st.dictionaries(WORDS, NAMED | ITEMS, max_size=3) | ANY,
        "e2e_actions": ITEMS | ANY,
        "session_config": NAMED | ANY,
        "config": NAMED | ANY,
    },
)


@given(content=FILES | ANY, generation=st.none() | st.sampled_from(Generation))
def test_any_content_is_read_or_noted(content: object, generation: Generation | None) -> None:
    noted = Diagnostics()
    domain = read_domain_text(dump(content), file="d.yml", generation=generation, diagnostics=noted)
    if domain is None:
        assert noted.errors
        return
    check(domain, noted)
    as_dict(domain, "union")
    assert all(problem.at and problem.at.line for problem in noted.problems)
    assert all(dimension(slot, domain.generation) >= 0 for slot in domain.slots.values())


@given(content=FILES)
def test_reading_twice_gives_the_same(content: object) -> None:
    first, second = Diagnostics(), Diagnostics()
    text = dump(content)
    once = read_domain_text(text, file="d.yml", diagnostics=first)
    again = read_domain_text(text, file="d.yml", diagnostics=second)
    assert once == again
    assert first.problems == second.problems
