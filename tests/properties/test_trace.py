"""Explanations point at what a person wrote, and change nothing."""

import asyncio
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.domain.model import Domain
from tertulia.core.events import ACTION_LISTEN, ActionExecuted, ActionExecutionRejected, Event
from tertulia.core.events.codec import encode, without_trace
from tertulia.core.incoming import Incoming
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.perform import Outside
from tertulia.engine.process import Processor
from tertulia.engine.service import Service
from tertulia.engine.turnstile import Turnstile
from tertulia.policies.ensemble import Ensemble, make_ensemble
from tertulia.policies.fallback import FallbackPolicy
from tertulia.policies.learned import TEDPolicy
from tertulia.policies.memoization import MemoizationPolicy
from tertulia.policies.rules import RulePolicy
from tests.unit.engine.stage import Counting, First, Listener, StandInModel, Ticking
from tests.unit.policies.lessons import lesson, trained
from tests.unit.policies.talk import domain, talk

from .test_policies import NEW, OLD, STORIES, markdown, yaml

RULES = "rules:\n- rule: r\n  steps:\n  - intent: c\n  - action: z\n"
STORY = """\
stories:
- story: s
  steps:
  - intent: a
  - action: x
  - intent: b
  - action: y
  - intent: a
  - action: z
"""
BOTS = {
    legacy: domain("a b c restart", "x y z", legacy=legacy, forms="f") for legacy in (False, True)
}


@settings(max_examples=60, deadline=None)
@given(stories=STORIES, n=st.none() | st.integers(1, 6), legacy=st.booleans())
def test_the_place_that_a_memory_names_holds_what_it_predicts(stories, n, legacy) -> None:
    bot = OLD if legacy else NEW
    text = markdown(stories) if legacy else yaml(stories)
    policy = trained(MemoizationPolicy, data := lesson(bot, text), max_history=n)
    lines = text.splitlines()
    for one in data.conversations:
        for index, event in enumerate(one.events):
            prediction = policy.predict(talk(bot, *one.events[:index]))
            action = next(iter(prediction.scores), None)
            if isinstance(event, ActionExecuted) and action is not None:
                why = prediction.why
                assert callable(why)
                file, _, line = why(action)["at"].partition(":")
                assert file == ("stories.md" if legacy else "data.yml")
                # The bot listens where the next message stands, or after the last action.
                named = lines[int(line) - 1].split()[-1]
                assert named in (("a", "b", "x", "y") if action == ACTION_LISTEN else (action,))


def ensemble(legacy: bool) -> Ensemble:
    if legacy:
        data = lesson(BOTS[True], "## s\n* a\n  - x\n* b\n  - y\n* a\n  - z\n")
        kinds: tuple[Any, ...] = (MemoizationPolicy, FallbackPolicy)
    else:
        data = lesson(BOTS[False], RULES + STORY)
        kinds = (MemoizationPolicy, RulePolicy, TEDPolicy)
    return make_ensemble([trained(kind, data) for kind in kinds], BOTS[legacy])


ENSEMBLES = {legacy: ensemble(legacy) for legacy in (False, True)}


async def events_of(bot: Domain, chosen: Ensemble, messages: list[str], *, trace: bool) -> Any:
    store, clock = MemoryStore(), Ticking()
    processor = Processor(
        Conversations(store, clock, turnstile=Turnstile()),
        Outside(actions=None, responses=None, random=First()),
        clock=clock,
        ids=Counting(),
    )
    assistant = Assistant(cast(Any, StandInModel(bot, chosen)), trace=trace)
    service = Service(processor, assistant)
    for text in messages:
        await service.handle(Incoming(sender_id="u", text=text), Listener())
    live = await processor.conversations.peek("u", assistant)
    return list((await store.load("u")).events), live.tracker.applied


def is_traced(event: Event | None) -> bool:
    kinds = ActionExecuted | ActionExecutionRejected
    return isinstance(event, kinds) and event.trace is not None


@settings(max_examples=40, deadline=None)
@given(
    messages=st.lists(st.sampled_from(["/a", "/b", "/c", "/restart", "/d"]), max_size=8),
    legacy=st.booleans(),
)
def test_explaining_changes_no_decision_and_no_event(messages, legacy) -> None:
    bot, chosen = BOTS[legacy], ENSEMBLES[legacy]
    bare, _ = asyncio.run(events_of(bot, chosen, messages, trace=False))
    explained, live = asyncio.run(events_of(bot, chosen, messages, trace=True))
    assert [without_trace(event) for event in explained] == bare
    assert [encode(event) for event in explained] == [encode(event) for event in bare]
    for event in explained:
        assert is_traced(event) == isinstance(event, ActionExecuted)
    # What stays in memory between turns carries none of it.
    assert not any(is_traced(node.event) for node in live.nodes())
