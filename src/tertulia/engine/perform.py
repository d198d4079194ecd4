"""Performs what scripts ask: predicts, logs, calls action and response servers."""

import logging
from collections.abc import Sequence
from typing import Any, Literal, TypeVar

import msgspec

from tertulia.base.errors import ActionRejected, HistoryTruncated, PortError
from tertulia.base.ports import Random
from tertulia.core.asks import (
    ActionAnswer,
    Ask,
    CallAction,
    Decide,
    Note,
    Remark,
    Script,
    WriteResponse,
)
from tertulia.core.domain.model import Generation
from tertulia.core.domain.responses import eligible, render
from tertulia.core.events import ActionExecuted, Event
from tertulia.core.observer import UNOBSERVED, Observer
from tertulia.core.ports import ActionServer, LanguageServer, OutputChannel, ResponseWriter
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker
from tertulia.core.tracker.views import after_restart, current_state
from tertulia.engine.acting import Acting
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversation import Conversation

Json = Any
T = TypeVar("T")
_log = logging.getLogger("tertulia.turn")

ADVERTISED_VERSION = {Generation.LEGACY: "0.14.5", Generation.MODERN: "3.6.21"}
"""What action servers compare their own version with; they only warn."""


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """The parts of the world that a turn may need. None: not configured.

    tracker_events: which events action servers are shown: those of the session, all of the
    log, or this many of the newest. session_begins: where the originals' store cuts the log,
    at `action_session_start` (ActionExecuted) or at `session_started` (SessionStarted, SQL).
    selective_domain: the domain goes only to actions that ask for it. language: understands
    messages in the place of the model. observer: told of each step.
    """

    actions: ActionServer | None
    responses: ResponseWriter | None
    language: LanguageServer | None = None
    random: Random
    tracker_events: int | Literal["all", "last_session"] = "last_session"
    session_begins: type[Event] = ActionExecuted
    selective_domain: bool = False
    observer: Observer = UNOBSERVED


class Performer:
    """Performs one script for one conversation.

    Before anything slow is asked, what was noted is stored and said.
    """

    def __init__(
        self,
        conversation: Conversation,
        assistant: Assistant,
        outside: Outside,
        output: OutputChannel,
    ) -> None:
        self._conversation = conversation
        self._assistant = assistant
        self._outside = outside
        self._output = output

    async def run(self, script: Script[T]) -> T:
        """Drive a script to its end and return its result."""
        with Acting(self._outside.observer) as acting:
            try:
                ask: Ask = next(script)
                while True:
                    acting.asked(ask)
                    answer, error = await self._attempt(ask)
                    acting.answered(answer)
                    ask = script.send(answer) if error is None else script.throw(error)
            except StopIteration as end:
                return end.value

    async def _attempt(self, ask: Ask) -> tuple[object, Exception | None]:
        """Return the answer, or the error that the script is to be told of."""
        try:
            return await self._perform(ask), None
        except (ActionRejected, PortError) as error:
            if isinstance(ask, Note):
                raise
            return None, error

    async def _perform(self, ask: Ask) -> object:
        match ask:
            case Decide():
                return await self._decide(ask.tracker)
            case Note():
                return await self._conversation.note(ask.events)
            case WriteResponse():
                return await self._write(ask)
            case CallAction():
                return await self._call(ask)
            case Remark():
                _log.warning("%s %s", ask.code, ask.text)
                return None

    async def _decide(self, tracker: Tracker) -> Decision:
        with self._outside.observer.step("decide"):
            try:
                return self._assistant.decide(tracker)
            except HistoryTruncated:
                await self._conversation.load_whole()
                return self._assistant.decide(self._conversation.tracker)

    async def _write(self, ask: WriteResponse) -> dict[str, Json] | None:
        domain, tracker = self._assistant.domain, ask.tracker
        if self._outside.responses is not None:
            await self._conversation.deliver(self._output)
            body = await self._response_request(ask)
            content = await self._outside.responses.write(body)
            modern = self._assistant.generation is Generation.MODERN
            return (
                {**content, "utter_action": ask.name} if content is not None and modern else content
            )
        rendered = render(
            domain,
            ask.name,
            slots=tracker.slots,
            channel=self._output.name,
            arguments=ask.arguments,
            random=self._outside.random,
        )
        if rendered is None:
            if not ask.silent:
                _log.error("T709 there is no response '%s' to send", ask.name)
            return None
        for note in rendered.notes:
            _log.warning("T710 %s", note)
        return rendered.content

    async def _response_request(self, ask: WriteResponse) -> dict[str, Json]:
        variations = eligible(
            self._assistant.domain, ask.name, slots=ask.tracker.slots, channel=self._output.name
        )
        loaded = await self._conversation.loaded_log(self._outside.session_begins)
        events = [*loaded, *self._conversation.dated(ask.draft)]
        return {
            "response": ask.name,
            "template": ask.name,
            "id": variations[0].id if variations else None,
            "arguments": ask.arguments,
            "tracker": self._state(ask.tracker, events),
            "channel": {"name": self._output.name},
        }

    async def _call(self, ask: CallAction) -> ActionAnswer:
        if self._outside.actions is None:
            _log.error(
                "T714 the action '%s' cannot run: endpoints.yml has no action_endpoint", ask.name
            )
            return ActionAnswer()
        await self._conversation.deliver(self._output)
        events = await self._events_for(ask)
        body: dict[str, Json] = {
            "next_action": ask.name,
            "sender_id": self._conversation.sender_id,
            "tracker": self._state(ask.tracker, events),
            "version": ADVERTISED_VERSION[self._assistant.generation],
        }
        if self._assistant.sends_domain(ask.name) or not self._outside.selective_domain:
            body["domain"] = self._assistant.domain_for_actions
        return await self._outside.actions.run(ask.name, body)

    def _state(self, tracker: Tracker, events: Sequence[Event]) -> dict[str, Json]:
        """Return the conversation as other servers of the bot's generation read it."""
        old_names = self._assistant.generation is Generation.LEGACY
        state = current_state(tracker, events, old_names=old_names)
        if events:
            state["latest_event_time"] = events[-1].timestamp  # of a draft too, which has none yet
        return state

    async def _events_for(self, ask: CallAction) -> Sequence[Event]:
        """Return the events an action is shown, its drafts at the end."""
        wanted = self._outside.tracker_events
        newest = wanted if isinstance(wanted, int) else None
        if wanted == "all":
            loaded: Sequence[Event] = await self._conversation.log()
        else:
            loaded = await self._conversation.loaded_log(self._outside.session_begins, newest)
        shown = after_restart(loaded) if ask.only_after_restart else loaded
        if newest is not None:
            shown = shown[max(0, len(shown) - newest) :]
        return [*shown, *self._conversation.dated(ask.draft)]
