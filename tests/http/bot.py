"""A small bot without learning, served in process: the same in both generations."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import msgspec

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.actions.run import RunContext
from tertulia.core.asks import ActionAnswer
from tertulia.core.domain.model import Action, Domain, Generation, Intent, Slot, Variation
from tertulia.core.observer import UNOBSERVED, Observer
from tertulia.core.ports import ActionServer, TrackerStore
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker
from tertulia.core.understanding import RankedIntent, Understanding
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.perform import Outside
from tertulia.engine.process import Processor
from tertulia.engine.service import Service
from tertulia.engine.turnstile import Turnstile

MODEL_ID = "0123456789abcdef0123456789abcdef"
NOW = 1_700_000_000.0

RESPONSES: dict[str, list[dict[str, Any]]] = {
    "utter_hello": [{"text": "Hello!", "buttons": [{"title": "good", "payload": "/good"}]}],
    "utter_bad": [{"text": "Look:", "image": "https://example.org/fox.jpg"}],
    "utter_bye": [{"text": "Bye."}],
}


class FixedClock:
    """Stands still, so that answers can be compared."""

    def now(self) -> float:
        return NOW


class CountingIds:
    def __init__(self) -> None:
        self._made = 0

    def new(self) -> str:
        self._made += 1
        return f"{self._made:032x}"


class FirstChoice:
    def choice(self, seq: Sequence[Any], /) -> Any:
        return seq[0]


class Manifest(msgspec.Struct):
    model_id: str = MODEL_ID
    assistant_id: str = "tiny"
    created: str = "2026-01-01T00:00:00+00:00"


class Keywords:
    """Understands a message that is the name of an intent; `city <name>` is an entity."""

    asks = False

    def parse(self, text: str) -> Understanding:
        word, _, rest = text.partition(" ")
        known = word in ("hello", "bad", "bye")
        intent = RankedIntent(word if known else None, 1.0 if known else 0.0)
        entities: tuple[dict[str, Any], ...] = ()
        if rest:
            start = len(word) + 1
            entities = (
                {"entity": "city", "value": rest, "start": start, "end": start + len(rest)},
            )
        return Understanding(text=text, intent=intent, entities=entities)


class Answering:
    """Answers the intent `x` with `utter_x` (`remote`: a custom action) and listens."""

    def __init__(self, domain: Domain) -> None:
        self._actions = RunContext(domain).actions

    def decide(self, tracker: Tracker) -> Decision:
        name, policy = "action_listen", "Scripted"
        state = tracker.state
        if state.followup is not None:
            name, policy = state.followup, "followup_action"
        elif state.latest_action == "action_listen":
            wanted = state.latest_message.intent_name
            wanted = "action_remote" if wanted == "remote" else f"utter_{wanted}"
            name = wanted if wanted in self._actions else "action_listen"
        scores = {action: float(action == name) for action in self._actions}
        return Decision(action=name, policy=policy, confidence=1.0, scores=scores)


class StandIn(msgspec.Struct):
    """Has what the engine takes from a model."""

    domain: Domain
    generation: Generation
    ensemble: Answering | None
    pipeline: Keywords | None = None
    manifest: Manifest = msgspec.field(default_factory=Manifest)
    name: str = "tiny.tar.gz"


class RemoteActions:
    """An action server in process. hold: set it free to let actions answer."""

    def __init__(self) -> None:
        self.hold = asyncio.Event()
        self.hold.set()
        self.called = asyncio.Event()
        self.error: Exception | None = None

    async def run(self, name: str, body: dict[str, Any]) -> ActionAnswer:
        self.called.set()
        await self.hold.wait()
        if self.error is not None:
            raise self.error
        return ActionAnswer(responses=[{"text": "done"}])

    async def close(self) -> None:
        self.hold.set()


def domain_of(generation: Generation) -> Domain:
    legacy = generation is Generation.LEGACY
    declared = (*RESPONSES, "action_remote") if legacy else ("action_remote",)
    return Domain(
        generation=generation,
        intents={name: Intent(name=name) for name in ("hello", "bad", "bye", "remote")},
        slots={"cuisine": Slot(name="cuisine", type="text")},
        responses={
            name: tuple(Variation(content=content) for content in contents)
            for name, contents in RESPONSES.items()
        },
        actions=tuple(Action(name=name) for name in declared),
    )


def build_service(
    generation: Generation,
    *,
    with_model: bool = True,
    with_policies: bool = True,
    store: TrackerStore | None = None,
    actions: ActionServer | None = None,
    patience: float = 60.0,
    queue: int = 1,
    observer: Observer = UNOBSERVED,
) -> Service:
    clock = FixedClock()
    conversations = Conversations(
        store or MemoryStore(),
        clock,
        turnstile=Turnstile(patience=patience, queue=queue),
        observer=observer,
    )
    outside = Outside(actions=actions, responses=None, random=FirstChoice(), observer=observer)
    processor = Processor(conversations, outside, clock=clock, ids=CountingIds())
    if not with_model:
        return Service(processor, None)
    domain = domain_of(generation)
    ensemble = Answering(domain) if with_policies else None
    model = StandIn(domain, generation, ensemble, pipeline=Keywords())
    return Service(processor, Assistant(cast(Any, model)))
