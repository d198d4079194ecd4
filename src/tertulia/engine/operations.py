"""What other programs may do with a conversation: read it, change it, predict, run an action.

Source: spec http_api.md section 5.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_SESSION_START,
    ActionExecuted,
    Event,
    SessionStarted,
)
from tertulia.core.incoming import Incoming
from tertulia.core.ports import OutputChannel
from tertulia.core.prediction import Decision
from tertulia.core.reminders import Entities, external_message
from tertulia.core.tracker import Tracker, replay
from tertulia.core.turn import run_decision
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversation import Conversation
from tertulia.engine.perform import Performer
from tertulia.engine.process import Processor

Json = Any


class View(msgspec.Struct, frozen=True):
    """A conversation to show. log: its events, oldest first; known: it was stored before."""

    tracker: Tracker
    log: Sequence[Event]
    known: bool = True


class Silent:
    """An output channel that says nothing: what is logged here was or will be said elsewhere."""

    name = ""

    async def deliver(self, said: Event) -> None:
        """Take an utterance and do nothing with it."""


class Operations:
    """The conversation API's verbs. Writes go through the same turnstile as messages."""

    def __init__(self, processor: Processor) -> None:
        self._processor = processor
        self._conversations = processor.conversations

    async def show(
        self, sender_id: str, assistant: Assistant, *, until: float | None = None
    ) -> View:
        """Return a conversation with its whole log.

        An unknown one is begun: stored in the legacy generation, only shown in the modern one.
        until: only events up to this time, ending at the first later one.
        """
        if assistant.generation is Generation.LEGACY:
            async with self._conversations.turn(sender_id, assistant) as conversation:
                known = not conversation.is_new
                await self._processor.open(
                    conversation, assistant, self._silent(conversation, assistant)
                )
                log = await conversation.log()
        else:
            conversation = await self._conversations.peek(sender_id, assistant)
            known = not conversation.is_new
            log = await conversation.log()
            if not log:
                await self._processor.open(
                    conversation, assistant, self._silent(conversation, assistant)
                )
                log = await conversation.log()
        if until is not None:
            log = list(takewhile(lambda event: event.timestamp <= until, log))
        tracker = replay(sender_id, assistant.rules, log)
        return View(tracker=tracker, log=log, known=known)

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        assistant: Assistant,
        output: OutputChannel | None = None,
    ) -> View:
        """Log events as they are, with the time they bring; return the conversation after them.

        output: with one, the events have their side effects: `bot` events are said there, and
        reminders are scheduled or cancelled.
        """
        effective = output is not None
        async with self._conversations.turn(sender_id, assistant) as conversation:
            if conversation.has_no_session and not _begins_session(events):
                await self._processor.open(
                    conversation, assistant, self._silent(conversation, assistant)
                )
            await conversation.note(events, restamp=False, schedule=effective)
            if output is None:
                conversation.keep_silent()
                await conversation.commit()
            else:
                await conversation.deliver(output)
            return await self._view(conversation)

    async def replace(self, sender_id: str, events: Sequence[Event], assistant: Assistant) -> View:
        """Make these events the whole conversation."""
        store = self._conversations.store
        stamp = assistant.stamp
        stamped = [replace(e, metadata={**stamp, **e.metadata}) if stamp else e for e in events]
        async with self._conversations.turnstile.admit(sender_id):
            self._conversations.forget(sender_id)
            expected = await store.version(sender_id)
            await store.replace(sender_id, stamped, expected=expected)
        return View(tracker=replay(sender_id, assistant.rules, stamped), log=stamped)

    async def predict(self, sender_id: str, assistant: Assistant) -> tuple[Decision, View]:
        """Return the next action the bot would take, and the conversation."""
        conversation = await self._conversations.peek(sender_id, assistant)
        known = not conversation.is_new
        await self._open(conversation, assistant)
        await conversation.load_whole()
        decision = assistant.decide(conversation.tracker)
        view = await self._view(conversation)
        return decision, replace(view, known=known)

    async def predict_events(
        self, events: Sequence[Event], assistant: Assistant
    ) -> tuple[Decision, View]:
        """Return the next action after these events, a conversation that is not stored."""
        tracker = replay("default", assistant.rules, events)
        return assistant.decide(tracker), View(tracker=tracker, log=events)

    async def execute(
        self,
        sender_id: str,
        decision: Decision,
        assistant: Assistant,
        output: OutputChannel,
    ) -> View:
        """Run one action as if it had been decided, without predicting another.

        Raises:
            UnknownAction: the bot has no such action.
        """
        async with self._conversations.turn(sender_id, assistant) as conversation:
            performer = Performer(conversation, assistant, self._processor.outside, output)
            await self._processor.open(conversation, assistant, performer)
            await performer.run(run_decision(conversation.tracker, decision, assistant.context))
            await conversation.deliver(output)
            return await self._view(conversation)

    async def trigger(
        self,
        sender_id: str,
        intent: str,
        entities: Entities,
        assistant: Assistant,
        output: OutputChannel,
    ) -> View:
        """Let the bot react to something that happened outside the conversation."""
        async with self._conversations.turn(sender_id, assistant) as conversation:
            performer = Performer(conversation, assistant, self._processor.outside, output)
            await self._processor.open(conversation, assistant, performer)
            message = external_message(
                intent,
                entities,
                channel=conversation.tracker.latest_input_channel,
                generation=assistant.generation,
            )
            await self._processor.note(conversation, assistant, performer, message)
            await self._processor.decide_and_act(conversation, assistant, performer)
            await conversation.deliver(output)
            return await self._view(conversation)

    async def latest_channel(self, sender_id: str, assistant: Assistant) -> str | None:
        """Return the channel of the newest user event, None when there is none."""
        conversation = await self._conversations.peek(sender_id, assistant)
        return conversation.tracker.latest_input_channel

    async def log_message(self, incoming: Incoming, assistant: Assistant) -> View:
        """Log a message and the slots it fills, without an answer."""
        async with self._conversations.turn(incoming.sender_id, assistant) as conversation:
            silent = self._silent(conversation, assistant)
            await self._processor.open(conversation, assistant, silent, incoming.metadata)
            message = await self._processor.understand(incoming, assistant)
            await self._processor.note(conversation, assistant, silent, message)
            conversation.keep_silent()
            await conversation.commit()
            return await self._view(conversation)

    async def exists(self, sender_id: str) -> bool:
        """Tell whether a conversation is stored."""
        return await self._conversations.store.version(sender_id) > 0

    async def conversations(self, *, after: str | None = None, limit: int) -> Sequence[str]:
        """Return ids of stored conversations in ascending order."""
        return await self._conversations.store.list_conversations(after=after, limit=limit)

    async def _open(self, conversation: Conversation, assistant: Assistant) -> None:
        silent = self._silent(conversation, assistant)
        await self._processor.open(conversation, assistant, silent)

    def _silent(self, conversation: Conversation, assistant: Assistant) -> Performer:
        return Performer(conversation, assistant, self._processor.outside, Silent())

    async def _view(self, conversation: Conversation) -> View:
        log = await conversation.loaded_log(self._processor.outside.session_begins)
        return View(tracker=conversation.tracker, log=log)


def _begins_session(events: Sequence[Event]) -> bool:
    if len(events) < 2:
        return False
    first, second = events[0], events[1]
    return (
        isinstance(first, ActionExecuted)
        and first.name == ACTION_SESSION_START
        and isinstance(second, SessionStarted)
    )
