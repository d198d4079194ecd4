"""One conversation in which a person confirms each step; nothing here knows a terminal.

Rule: a conversation is taken back by making its earlier events the whole of it, so what is saved
never holds what was a mistake.

Source: spec evaluation.md section 5.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActionExecutionRejected,
    BotUttered,
    Event,
    LoopInterrupted,
    UserUttered,
)
from tertulia.core.incoming import Incoming
from tertulia.core.ports import OutputChannel
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker, replay
from tertulia.engine.service import Service

Json = Any

Learn = Callable[[Sequence[Event]], Awaitable[None]]
"""Is told of a corrected action: all events up to it, itself the last. For online learning."""

CHANNEL = "cmdline"


class Session:
    """What is being taught. finished: conversations that were ended by a fresh start.

    new_actions: names that the bot did not have. new_responses: name to text. learn: told of each
    corrected action that the bot has.
    """

    def __init__(
        self,
        service: Service,
        sender_id: str,
        output: OutputChannel,
        *,
        learn: Learn | None = None,
    ) -> None:
        self._service = service
        self._sender_id = sender_id
        self._output = output
        self._learn = learn
        self._marks: list[int] = []
        self.finished: list[list[Event]] = []
        self.new_actions: list[str] = []
        self.new_responses: dict[str, str] = {}
        self.events: list[Event] = []

    @property
    def tracker(self) -> Tracker:
        """Return the conversation as it is now."""
        return replay(self._sender_id, self._service.ready().rules, self.events)

    @property
    def listens(self) -> bool:
        """Whether it is the person's turn."""
        for event in reversed(self.events):
            if isinstance(event, UserUttered):
                return False
            if isinstance(event, ActionExecuted):
                return event.name == ACTION_LISTEN
        return True

    @property
    def message(self) -> UserUttered:
        """Return the newest message."""
        return self.tracker.state.latest_message

    @property
    def messages(self) -> list[tuple[int, UserUttered]]:
        """Return the messages with their positions."""
        found = enumerate(self.events)
        return [(place, event) for place, event in found if isinstance(event, UserUttered)]

    async def say(self, text: str, parsed: Mapping[str, Json] | None = None) -> None:
        """Log a message. parsed: what it means, in the place of what the bot understands."""
        self._marks.append(len(self.events))
        incoming = Incoming(
            sender_id=self._sender_id,
            text=text,
            input_channel=CHANNEL,
            parse_data=None if parsed is None else dict(parsed),
        )
        await self._service.operations.log_message(incoming, self._service.ready())
        await self._refresh()

    async def correct(self, parsed: Mapping[str, Json]) -> None:
        """Log the newest message again, with another meaning."""
        text = self.message.text or ""
        await self.undo()
        await self.say(text, parsed)

    async def predict(self) -> Decision:
        """Return what the bot would do next."""
        decision, _ = await self._service.operations.predict(self._sender_id, self._service.ready())
        return decision

    async def act(self, decision: Decision, chosen: str) -> None:
        """Run an action. decision: what the bot wanted; another `chosen` is a correction."""
        self._marks.append(len(self.events))
        loop = self.tracker.state.active_loop
        if chosen != decision.action:
            if decision.action == loop:
                await self._log(ActionExecutionRejected(name=decision.action))
            decision = Decision(action=chosen, policy=None, confidence=1.0)
        before = self.events
        if chosen in self.new_actions:
            await self._pretend(chosen)  # the model could not learn what its domain lacks
        else:
            assistant = self._service.ready()
            operations = self._service.operations
            await operations.execute(self._sender_id, decision, assistant, self._output)
            await self._refresh()
            if decision.policy is None and self._learn is not None:
                await self._learn([*before, ActionExecuted(name=chosen)])

    def may_skip_validation(self, chosen: str) -> bool:
        """Tell whether a form comes back after another answer, so that it may ask again first."""
        loop = self.tracker.state.active_loop
        if chosen != loop:
            return False
        for event in reversed(self.events):
            if isinstance(event, UserUttered):
                return False
            if isinstance(event, ActionExecutionRejected) and event.name == loop:
                return True
        return False

    async def skip_validation(self) -> None:
        """Let the form ask again without looking at the newest message."""
        await self._log(LoopInterrupted(is_interrupted=True))

    async def undo(self) -> bool:
        """Take the last step back; False when there is none."""
        if not self._marks:
            return False
        await self._keep(self._marks.pop())
        return True

    async def fork(self, position: int) -> None:
        """Go on from before the message at a position; the whole so far is saved, too."""
        self.finished.append(list(self.events))
        self._marks = [mark for mark in self._marks if mark < position]
        await self._keep(position)

    async def start_fresh(self) -> None:
        """End this conversation and begin another."""
        self.finished.append(list(self.events))
        self._marks.clear()
        await self._keep(0)

    def stories(self) -> list[list[Event]]:
        """Return every conversation with a message, that which goes on last."""
        told = [*self.finished, self.events]
        return [one for one in told if any(isinstance(event, UserUttered) for event in one)]

    def add_action(self, name: str, text: str | None = None) -> None:
        """Give the bot an action that it did not have. text: what a response says."""
        self.new_actions.append(name)
        if text is not None:
            self.new_responses[name] = text

    async def _pretend(self, name: str) -> None:
        """Log an action that the model does not know yet, and say what it says."""
        await self._log(ActionExecuted(name=name, confidence=1.0))
        if name in self.new_responses:
            said = BotUttered(text=self.new_responses[name])
            await self._log(said)
            await self._output.deliver(said)

    async def _log(self, *events: Event) -> None:
        assistant = self._service.ready()
        await self._service.operations.append(self._sender_id, events, assistant)
        await self._refresh()

    async def _keep(self, count: int) -> None:
        """Make the first events the whole conversation."""
        kept = self.events[:count]
        await self._service.operations.replace(self._sender_id, kept, self._service.ready())
        self.events = kept

    async def _refresh(self) -> None:
        loaded = await self._service.store.load(self._sender_id)
        self.events = [replace(event, trace=None) if hasattr(event, "trace") else event
                       for event in loaded.events]  # fmt: skip


def is_legacy(service: Service) -> bool:
    """Tell whether the bot is of 0.x or 1.x."""
    return service.ready().generation is Generation.LEGACY
