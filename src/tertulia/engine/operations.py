"""What other programs may do with a conversation: read it, change it, predict, run an action.

Source: spec http_api.md section 5.
"""

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.base.errors import RequestError
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    ACTION_SESSION_START,
    ActionExecuted,
    Event,
    SessionStarted,
)
from tertulia.core.incoming import Incoming
from tertulia.core.ports import OutputChannel, Receipt
from tertulia.core.prediction import Decision
from tertulia.core.reminders import Entities, external_message
from tertulia.core.tracker import Tracker, replay
from tertulia.core.turn import run_decision
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversation import Conversation, last_session
from tertulia.engine.perform import Performer
from tertulia.engine.process import Processor
from tertulia.engine.terms import CUT_OFF, NO_TERMS, Expected, Terms

Json = Any


class View(msgspec.Struct, frozen=True):
    """A conversation to show. log: its events, oldest first; known: it was stored before.

    version: sequence number of the newest stored event, 0 when nothing is stored.
    """

    tracker: Tracker
    log: Sequence[Event]
    known: bool = True
    version: int = 0


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
        stored = await self._conversations.store.load(sender_id)
        log, version = stored.events, stored.version
        if not log:
            log, version = await self._begin(sender_id, assistant)
        if until is not None:
            log = list(takewhile(lambda event: event.timestamp <= until, log))
        tracker = replay(sender_id, assistant.rules, log)
        return View(tracker=tracker, log=log, known=stored.version > 0, version=version)

    async def _begin(self, sender_id: str, assistant: Assistant) -> tuple[Sequence[Event], int]:
        """Return what a conversation begins with, and the version after it is stored, if it is."""
        if assistant.generation is Generation.LEGACY:
            async with self._conversations.turn(sender_id, assistant) as conversation:
                await self._open(conversation, assistant)
                await conversation.commit()
                return await conversation.log(), conversation.version
        conversation = await self._conversations.peek(sender_id, assistant)
        await self._open(conversation, assistant)
        return await conversation.log(), conversation.version

    async def append(
        self,
        sender_id: str,
        events: Sequence[Event],
        assistant: Assistant,
        output: OutputChannel | None = None,
        terms: Terms = NO_TERMS,
    ) -> View:
        """Log events as they are, with the time they bring; return the conversation after them.

        output: with one, the events have their side effects: `bot` events are said there, and
        reminders are scheduled or cancelled.
        """
        effective = output is not None
        async with self._conversations.turn(sender_id, assistant, terms) as conversation:
            if conversation.has_no_session and not _begins_session(events):
                await self._processor.open(
                    conversation, assistant, self._silent(conversation, assistant)
                )
            await conversation.note(events, restamp=False, schedule=effective)
            if output is None:
                conversation.keep_silent()
                await conversation.commit(last=True)
            else:
                await conversation.deliver(output, last=True)
            return await self._view(conversation)

    async def replace(
        self,
        sender_id: str,
        events: Sequence[Event],
        assistant: Assistant,
        expected: Expected | None = None,
    ) -> View:
        """Make these events the whole conversation. expected: what its version has to be."""
        stamp = assistant.stamp
        stamped = [replace(e, metadata={**stamp, **e.metadata}) if stamp else e for e in events]
        stamped = [self._conversations.redaction.event(each) for each in stamped]
        async with self._conversations.alone(sender_id, expected) as found:
            version = await self._conversations.store.replace(sender_id, stamped, expected=found)
        tracker = replay(sender_id, assistant.rules, stamped)
        return View(tracker=tracker, log=stamped, version=version)

    async def review(self, sender_id: str, assistant: Assistant, receipt: Receipt) -> View:
        """Return what a request that was carried out before returned then.

        Raises:
            RequestError: the log was replaced since.
        """
        loaded = await self._conversations.store.load(sender_id)
        log = list(loaded.events[: max(0, len(loaded.events) - loaded.version + receipt.version)])
        if receipt.version and not log:
            raise RequestError(
                "the request with this idempotency key was carried out, but the log that its "
                "answer shows was replaced since",
                code=CUT_OFF,
            )
        tracker = replay(sender_id, assistant.rules, log)
        if assistant.generation is not Generation.LEGACY:
            old = max(0, len(log) - (receipt.version - receipt.opened_at))
            first = self._processor.outside.session_begins
            log = [*last_session(log[:old], first), *log[old:]]
        return View(tracker=tracker, log=log, version=receipt.version)

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
        terms: Terms = NO_TERMS,
    ) -> View:
        """Run one action as if it had been decided, without predicting another.

        Raises:
            UnknownAction: the bot has no such action.
        """
        async with self._conversations.turn(sender_id, assistant, terms) as conversation:
            performer = Performer(conversation, assistant, self._processor.outside, output)
            await self._processor.open(conversation, assistant, performer)
            await performer.run(run_decision(conversation.tracker, decision, assistant.context))
            await conversation.deliver(output, last=True)
            return await self._view(conversation)

    async def trigger(
        self,
        sender_id: str,
        event: tuple[str, Entities],
        assistant: Assistant,
        output: OutputChannel,
        terms: Terms = NO_TERMS,
    ) -> View:
        """Let the bot react to something that happened outside the conversation.

        event: its intent and entities.
        """
        intent, entities = event
        async with self._conversations.turn(sender_id, assistant, terms) as conversation:
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
            await conversation.deliver(output, last=True)
            return await self._view(conversation)

    async def latest_channel(self, sender_id: str, assistant: Assistant) -> str | None:
        """Return the channel of the newest user event, None when there is none."""
        conversation = await self._conversations.peek(sender_id, assistant)
        return conversation.tracker.latest_input_channel

    async def log_message(
        self, incoming: Incoming, assistant: Assistant, terms: Terms = NO_TERMS
    ) -> View:
        """Log a message and the slots it fills, without an answer."""
        async with self._conversations.turn(incoming.sender_id, assistant, terms) as conversation:
            silent = self._silent(conversation, assistant)
            await self._processor.open(conversation, assistant, silent, incoming.metadata)
            message = await self._processor.understand(incoming, assistant)
            await self._processor.note(conversation, assistant, silent, message)
            conversation.keep_silent()
            await conversation.commit(last=True)
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
        return View(tracker=conversation.tracker, log=log, version=conversation.version)


def _begins_session(events: Sequence[Event]) -> bool:
    if len(events) < 2:
        return False
    first, second = events[0], events[1]
    return (
        isinstance(first, ActionExecuted)
        and first.name == ACTION_SESSION_START
        and isinstance(second, SessionStarted)
    )
