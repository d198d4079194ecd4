"""What running actions needs to know of the bot, looked up once per model."""

from collections.abc import Callable
from functools import cached_property

from tertulia.core.asks import Script
from tertulia.core.domain.actions import action_names, default_actions, user_actions
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import Event
from tertulia.core.tracker import Tracker


class RunContext:
    """The bot as running actions see it. Immutable; one per model, cheap copies per action.

    draft: events of the running action's prediction, decided but not yet logged. trace: note
    with each action why it was chosen.
    """

    def __init__(
        self, domain: Domain, draft: tuple[Event, ...] = (), *, trace: bool = True
    ) -> None:
        self.domain = domain
        self.draft = draft
        self.trace = trace

    @property
    def generation(self) -> Generation:
        """Return whose mechanics the bot follows."""
        return self.domain.generation

    def after(self, events: tuple[Event, ...]) -> "RunContext":
        """Return the context with these decided events."""
        if not events and not self.draft:
            return self
        copy = RunContext(self.domain, events)
        copy.__dict__.update(
            {k: v for k, v in self.__dict__.items() if k not in ("domain", "draft")}
        )
        return copy

    @cached_property
    def actions(self) -> tuple[str, ...]:
        """Return all action names in label order."""
        return action_names(self.domain)

    @cached_property
    def action_set(self) -> frozenset[str]:
        """Return all action names."""
        return frozenset(self.actions)

    @cached_property
    def user_actions(self) -> frozenset[str]:
        """Return the names declared under `actions`."""
        return user_actions(self.domain)

    @cached_property
    def defaults(self) -> frozenset[str]:
        """Return the names of built-in actions of this generation."""
        return frozenset(default_actions(self.generation))

    @cached_property
    def retrieval_actions(self) -> frozenset[str]:
        """Return `utter_<intent>` for every retrieval intent."""
        return frozenset(
            f"utter_{intent.name}" for intent in self.domain.intents.values() if intent.is_retrieval
        )

    def is_built_in(self, name: str) -> bool:
        """Tell whether the name means built-in behaviour: a default that nobody overrides."""
        return name in self.defaults and name not in self.user_actions


Runner = Callable[[str, Tracker, RunContext], Script[list[Event]]]
"""Runs an action by name: how loops run the actions they ask with."""
