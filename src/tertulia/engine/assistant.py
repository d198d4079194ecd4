"""One loaded model, ready to understand, decide and speak."""

import asyncio
from functools import cached_property
from typing import TYPE_CHECKING, Any

from tertulia.base.errors import ConfigError, ModelError
from tertulia.core.actions.run import RunContext
from tertulia.core.domain.as_dict import as_dict
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.events import ACTION_LISTEN, ActionExecuted, UserUttered
from tertulia.core.prediction import Decision
from tertulia.core.states import StateTable
from tertulia.core.states.modern import VisibleHistory
from tertulia.core.tracker import Node, Tracker, replay, rules_for
from tertulia.core.tracker.past import Past
from tertulia.core.understanding import Understanding
from tertulia.model.load import SENSELESS
from tertulia.model.understand import understand

if TYPE_CHECKING:
    from tertulia.model.load import Model

_WIDEST = 32
"""States that policies are shown at once which would look at all of them."""

_THROWN_AWAY = "hello"
"""What a model is asked before users ask it."""

Json = Any


class Assistant:
    """A model with what running it needs, looked up once. Immutable; swapped as a whole.

    trace: note with each action why it was chosen.
    """

    def __init__(self, model: "Model", *, trace: bool = True) -> None:
        self.model = model
        self.domain: Domain = model.domain
        self.rules = rules_for(model.domain)
        self.fingerprint = self.rules.fingerprint()
        self.context = RunContext(model.domain, trace=trace)

    @property
    def generation(self) -> Generation:
        """Return whose mechanics the bot follows."""
        return self.domain.generation

    @cached_property
    def stamp(self) -> dict[str, str]:
        """Return the metadata put on every event (none in the legacy generation)."""
        if self.generation is Generation.LEGACY:
            return {}
        manifest = self.model.manifest
        return {"model_id": manifest.model_id, "assistant_id": manifest.assistant_id}

    @cached_property
    def domain_for_actions(self) -> dict[str, Json]:
        """Return the domain as action servers of every generation read it."""
        return as_dict(self.domain, "union")

    def sends_domain(self, action: str) -> bool:
        """Tell whether an action asked for the domain; those that validate always do."""
        return action.startswith("validate_") or action in self._asks_for_domain

    @cached_property
    def _asks_for_domain(self) -> frozenset[str]:
        return frozenset(action.name for action in self.domain.actions if action.send_domain)

    @cached_property
    def _history(self) -> VisibleHistory:
        return VisibleHistory(StateTable(self.domain))

    def past(self, node: Node) -> Past | None:
        """Return what the policies will need of the events up to here, once those are gone."""
        if self.generation is Generation.LEGACY or self.model.ensemble is None:
            return None
        needed = self.model.ensemble.needed_history
        return self._history.past(node, _WIDEST if needed is None else max(1, needed))

    def decide(self, tracker: Tracker) -> Decision:
        """Predict the next action.

        Raises:
            HistoryTruncated: more history is needed than was loaded.
            ConfigError: the model has no policies.
        """
        if self.model.ensemble is None:
            raise ConfigError(
                "the model has no policies, so no action can be predicted",
                hint="Train with stories or rules: tertulia train.",
                code="T150",
            )
        return self.model.ensemble.decide(tracker)

    def warm(self) -> None:
        """Understand and decide once, for nobody: whatever is made at the first use is made now.

        Raises:
            ModelError: the model fails at it.
        """
        try:
            understanding, _ = self.understand(_THROWN_AWAY)
            message = UserUttered(text=_THROWN_AWAY, parse_data=understanding.as_dict())
            if self.model.ensemble is not None:
                listening = ActionExecuted(name=ACTION_LISTEN)
                self.decide(replay("", self.rules, [listening, message]))
        except SENSELESS as error:
            raise ModelError(
                f"the model fails when it is asked ({type(error).__name__}: {error})",
                hint="Train it again with this version of `tertulia train`.",
                code="T417",
            ) from error

    def understand(self, text: str) -> tuple[Understanding, tuple[str, ...]]:
        """Return what the text means, and notes on what was odd about it.

        Blocks while the pipeline asks another program.
        """
        return understand(self.model, text)

    async def understand_aside(self, text: str) -> tuple[Understanding, tuple[str, ...]]:
        """As `understand`; others are served while the pipeline asks another program."""
        if self.model.pipeline is not None and self.model.pipeline.asks:
            return await asyncio.to_thread(self.understand, text)
        return self.understand(text)
