"""The figures of a server: what was counted, and how things stand at the moment."""

import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime

from tertulia.adapters.telemetry.meters import Family, Meters, counter, gauge
from tertulia.engine.assistant import Assistant
from tertulia.engine.outbox import Delivery
from tertulia.engine.service import Service
from tertulia.jobs.runner import Jobs
from tertulia.server.turns import Turns

Figures = Callable[[], Awaitable[list[Family]]]
"""Returns the figures of all processes that serve together."""


class OwnFigures:
    """The figures of this process."""

    def __init__(self, meters: Meters, service: Service, turns: Turns, jobs: Jobs) -> None:
        self._jobs = jobs
        self._meters = meters
        self._service = service
        self._turns = turns

    async def __call__(self) -> list[Family]:
        """Return them as they are now."""
        return [
            *self._meters.families(),
            *self._now(),
            *_of_model(self._service.assistant),
            *await self._of_agreement(),
            *_of_brokers(await self._service.outbox.lags()),
        ]

    def _now(self) -> Iterable[Family]:
        conversations = self._service.processor.conversations
        turnstile = conversations.turnstile
        yield gauge("turns_running", "Turns that requests began, under way.", self._turns.running)
        yield gauge("conversations_busy", "Conversations in a turn.", turnstile.busy)
        yield gauge("turns_waiting", "Turns that wait for their conversation.", turnstile.waiting)
        yield gauge("live_trackers", "Conversations held in memory.", conversations.live)
        yield gauge("live_events", "Events of those conversations.", conversations.live_events)
        yield gauge("training_jobs", "Training and test jobs under way.", self._jobs.running)
        yield gauge("reminders_firing", "Reminders in a turn.", self._service.schedule.firing)

    async def _of_agreement(self) -> list[Family]:
        agreement = self._service.agreement
        standing = None if agreement is None else await agreement.standing()
        if standing is None:
            return []
        return [
            gauge("model_agreed", _AGREED, float(standing.is_served)),
            gauge("model_decision", _DECISION, float(standing.number)),
        ]


def with_more(figures: Figures, more: Callable[[], list[Family]]) -> Figures:
    """Return figures with those of a part that is not always there."""

    async def together() -> list[Family]:
        return [*await figures(), *more()]

    return together


def _of_brokers(deliveries: Iterable[Delivery]) -> Iterable[Family]:
    """Yield the figures of brokers; how things stand only where they are delivered to."""
    for each in deliveries:
        name = each.name
        for outcome, count in (("delivered", each.delivered), ("refused", each.refused)):
            yield counter("broker_messages", _MESSAGES, count, broker=name, outcome=outcome)
        yield counter("broker_failures", _FAILURES, each.failures, broker=name)
        if each.ours:
            yield gauge("broker_lag_events", _LAG, each.waiting, broker=name)
            yield gauge("broker_lag_seconds", _LAG_SECONDS, each.seconds, broker=name)
            yield gauge("broker_up", _UP, float(each.problem is None), broker=name)


_MESSAGES = "Messages to event brokers, by what became of them."
_FAILURES = "Attempts at an event broker that failed; all is tried again."
_LAG = "Events that are stored and not yet delivered to the broker."
_LAG_SECONDS = "Seconds since the oldest of them happened."
_AGREED = "1 when the model is served that the servers which share the store agreed on."
_DECISION = "Number of the last decision for a model that this process knows."
_UP = "1 when the last attempt at the broker succeeded."


def _of_model(assistant: Assistant | None) -> Iterable[Family]:
    yield gauge("model_loaded", "1 when a model is loaded.", float(assistant is not None))
    if assistant is None:
        return
    manifest = assistant.model.manifest
    yield gauge(
        "model_info",
        "The loaded model, as labels.",
        1.0,
        model_id=manifest.model_id,
        assistant_id=manifest.assistant_id,
        generation=assistant.generation.value,
    )
    age = time.time() - datetime.fromisoformat(manifest.created).timestamp()
    yield gauge("model_age_seconds", "Seconds since the model was trained.", age)
