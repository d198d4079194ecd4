"""A whole domain survives the model archive, whatever it holds."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tertulia.base.source import SourceSpan
from tertulia.core.domain.as_dict import as_dict, from_parts, to_parts
from tertulia.core.domain.model import (
    Action,
    Dialect,
    Domain,
    Entity,
    Form,
    Generation,
    Intent,
    MappingCondition,
    ResponseCondition,
    SessionConfig,
    Slot,
    SlotMapping,
    Variation,
)
from tertulia.core.slots import SLOT_TYPES

NAMES = st.text(alphabet="abc/_é ", min_size=1, max_size=4)
MAYBE = st.none() | NAMES
SOME = st.lists(NAMES, max_size=3).map(tuple)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
PLACES = st.none() | st.builds(SourceSpan, NAMES, st.integers(0, 99), st.integers(0, 99))
CONDITIONS = st.builds(MappingCondition, active_loop=MAYBE, requested_slot=MAYBE)
MAPPINGS = st.builds(
    SlotMapping,
    type=NAMES,
    entity=MAYBE,
    role=MAYBE,
    group=MAYBE,
    intent=SOME,
    not_intent=SOME,
    value=JSON,
    action=MAYBE,
    conditions=st.lists(CONDITIONS, max_size=2).map(tuple),
    at=PLACES,
)
VARIATIONS = st.builds(
    Variation,
    content=st.dictionaries(NAMES, JSON, max_size=3),
    channel=MAYBE,
    condition=st.none()
    | st.lists(st.builds(ResponseCondition, name=NAMES, value=JSON), max_size=2).map(tuple),
    id=MAYBE,
    at=PLACES,
)
BOOL = st.booleans()
DOMAINS = st.builds(
    Domain,
    dialect=st.sampled_from(Dialect),
    generation=st.sampled_from(Generation),
    intents=st.dictionaries(
        NAMES,
        st.builds(
            Intent,
            name=NAMES,
            used_entities=st.frozensets(NAMES, max_size=3),
            use_entities=BOOL,
            triggers=MAYBE,
            is_retrieval=BOOL,
            at=PLACES,
        ),
        max_size=3,
    ),
    entities=st.dictionaries(
        NAMES,
        st.builds(Entity, name=NAMES, roles=SOME, groups=SOME, influence_conversation=BOOL),
        max_size=3,
    ),
    slots=st.dictionaries(
        NAMES,
        st.builds(
            Slot,
            name=NAMES,
            type=st.sampled_from(SLOT_TYPES),
            initial_value=JSON,
            influence_conversation=BOOL,
            values=SOME,
            min_value=st.floats(-1e6, 0),
            max_value=st.floats(1, 1e6),
            auto_fill=BOOL,
            mappings=st.lists(MAPPINGS, max_size=2).map(tuple),
            is_default=BOOL,
            at=PLACES,
        ),
        max_size=3,
    ),
    responses=st.dictionaries(NAMES, st.lists(VARIATIONS, max_size=2).map(tuple), max_size=2),
    actions=st.lists(st.builds(Action, name=NAMES, send_domain=BOOL), max_size=3).map(tuple),
    forms=st.dictionaries(
        NAMES,
        st.builds(Form, name=NAMES, required_slots=SOME, ignored_intents=SOME, is_remote=BOOL),
        max_size=2,
    ),
    e2e_actions=SOME,
    session=st.builds(SessionConfig, expiration_minutes=st.floats(0, 1e6), carry_over_slots=BOOL),
    store_entities_as_slots=BOOL,
    restart_intent=NAMES,
    raw=st.dictionaries(NAMES, JSON, max_size=2),
)


@given(DOMAINS)
def test_a_domain_comes_back_from_json_as_it_was(domain: Domain) -> None:
    back = from_parts(json.loads(json.dumps(to_parts(domain))))
    assert back == domain
    assert list(back.slots) == list(domain.slots)


@given(DOMAINS)
def test_equal_domains_have_equal_texts(domain: Domain) -> None:
    once = json.dumps(to_parts(domain))
    assert json.dumps(to_parts(from_parts(json.loads(once)))) == once


@given(DOMAINS)
def test_every_shape_is_json(domain: Domain) -> None:
    legacy, modern, union = (
        json.loads(json.dumps(as_dict(domain, shape))) for shape in ("legacy", "modern", "union")
    )
    assert set(legacy["slots"]) == {slot.name for slot in domain.slots.values()}
    assert {"responses", "templates"} <= set(union) or "responses" not in modern
