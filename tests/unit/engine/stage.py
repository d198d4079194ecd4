"""A service with a scripted model, a clock that ticks and a store in memory."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast

from tertulia.adapters.stores.memory import MemoryStore
from tertulia.core.asks import ActionAnswer
from tertulia.core.domain.model import Action, Domain, Generation, Intent, Variation
from tertulia.core.events import BotUttered, Event
from tertulia.core.incoming import Incoming
from tertulia.core.ports import TrackerStore
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.perform import Outside
from tertulia.engine.process import Processor
from tertulia.engine.service import Service
from tertulia.engine.turnstile import Turnstile
from tertulia.model.manifest import Manifest


class Ticking:
    """A clock that moves one second a look."""

    def __init__(self, start: float = 1000.0) -> None:
        self.time = start

    def now(self) -> float:
        self.time += 1
        return self.time


class Counting:
    def __init__(self) -> None:
        self.count = 0

    def new(self) -> str:
        self.count += 1
        return f"{self.count:032x}"


class First:
    def choice(self, seq: Sequence[Any]) -> Any:
        return seq[0]


class Echo:
    """Says `utter_<intent>` (or runs `action_<intent>`) and listens."""

    needed_history = 1

    def __init__(self, listens_after: int = 1) -> None:
        self.seen: list[Tracker] = []

    def decide(self, tracker: Tracker) -> Decision:
        self.seen.append(tracker)
        state = tracker.state
        if state.followup is not None:
            return Decision(action=state.followup, policy="followup_action", confidence=1.0)
        name = "action_listen"
        if state.latest_action == "action_listen":
            intent = state.latest_message.intent_name or ""
            name = "action_slow" if intent == "slow" else f"utter_{intent}"
        return Decision(action=name, policy="Echo", confidence=1.0)


class StandInModel:
    """What the engine reads of a model."""

    def __init__(self, domain: Domain, ensemble: object) -> None:
        self.domain = domain
        self.ensemble = ensemble
        self.pipeline = None
        self.manifest = Manifest(
            product="test",
            model_id="a" * 32,
            created="2026-01-01T00:00:00Z",
            generation="modern",
            kinds=("core",),
            assistant_id="tester",
        )
        self.name = "test.tar.gz"


INTENTS = ("greet", "bye", "slow")


def echo_domain(generation: Generation = Generation.MODERN) -> Domain:
    return Domain(
        generation=generation,
        intents={name: Intent(name=name) for name in INTENTS},
        responses={
            f"utter_{name}": (Variation(content={"text": f"said {name}"}),) for name in INTENTS
        },
        actions=(
            Action(name="action_slow"),
            *(Action(name=f"utter_{n}") for n in INTENTS if generation is Generation.LEGACY),
        ),
        restart_intent="restart",
    )


class SlowActions:
    """An action server whose answers wait until released."""

    def __init__(self) -> None:
        self.release = asyncio.Event()
        self.called = asyncio.Event()

    async def run(self, name: str, body: dict[str, Any]) -> ActionAnswer:
        self.called.set()
        await self.release.wait()
        return ActionAnswer(responses=[{"text": "done at last"}])

    async def close(self) -> None:
        return None


class Listener:
    """An output channel that remembers, and may look at the store when something is said."""

    name = "test"

    def __init__(self, on_deliver: Callable[[], None] | None = None) -> None:
        self.said: list[str | None] = []
        self._on_deliver = on_deliver

    async def deliver(self, said: BotUttered) -> None:
        if self._on_deliver is not None:
            self._on_deliver()
        self.said.append(said.text)


def service(
    store: TrackerStore | None = None,
    *,
    generation: Generation = Generation.MODERN,
    actions: object = None,
    clock: Ticking | None = None,
    turnstile: Turnstile | None = None,
) -> Service:
    clock = clock or Ticking()
    conversations = Conversations(
        store or MemoryStore(), clock, turnstile=turnstile or Turnstile(), keep=50
    )
    outside = Outside(actions=cast(Any, actions), responses=None, random=First())
    processor = Processor(conversations, outside, clock=clock, ids=Counting())
    model = StandInModel(echo_domain(generation), Echo())
    return Service(processor, Assistant(cast(Any, model)))


async def say(served: Service, text: str, sender: str = "u", **options: Any) -> list[str | None]:
    output = options.pop("output", None) or Listener()
    await served.handle(Incoming(sender_id=sender, text=text, **options), output)
    return output.said


async def stored(served: Service, sender: str = "u") -> list[Event]:
    return list((await served.store.load(sender)).events)
