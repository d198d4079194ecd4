"""One message, step by step. The body of `handle` is the list of steps; keep it so.

Source: spec policies.md section 3, events.md sections 4 and 10.
"""

import logging
from collections.abc import Mapping
from typing import Any

from tertulia.base.errors import LanguageServerError, StoreConflict
from tertulia.base.ports import Clock, IdSource
from tertulia.core.actions.extraction import extract_slots
from tertulia.core.domain.fill import auto_fill
from tertulia.core.domain.model import Generation
from tertulia.core.events import (
    EMPTY_MESSAGE,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.core.incoming import Incoming
from tertulia.core.ports import OutputChannel
from tertulia.core.regex_message import PREFIX
from tertulia.core.tracker import Tracker
from tertulia.core.turn import act_until_listen, first_listen, session_start
from tertulia.core.understanding import RankedIntent, Understanding
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversation import Conversation
from tertulia.engine.conversations import Conversations
from tertulia.engine.perform import Outside, Performer
from tertulia.engine.terms import NO_TERMS, Terms

Json = Any
_log = logging.getLogger("tertulia.turn")
_RETRIES = 3
_NOTHING = Understanding(text="", intent=RankedIntent("", 0.0))


class Processor:
    """Handles messages with one assistant.

    action_limit: actions the bot may take between two messages.
    """

    def __init__(
        self,
        conversations: Conversations,
        outside: Outside,
        *,
        clock: Clock,
        ids: IdSource,
        action_limit: int = 10,
    ) -> None:
        self.conversations = conversations
        self.outside = outside
        self.clock = clock
        self._ids = ids
        self.action_limit = action_limit

    async def handle(
        self,
        incoming: Incoming,
        assistant: Assistant,
        output: OutputChannel,
        terms: Terms = NO_TERMS,
    ) -> None:
        """Take a message through all steps; what the bot says goes to `output`.

        Raises:
            AlreadyDone, RequestError: by the terms; nothing was done.
            LockTimeout, StoreUnavailable, StoreConflict: nothing of the turn was said unstored.
        """
        for _ in range(_RETRIES):
            try:
                return await self._walk(incoming, assistant, output, terms)
            except StoreConflict as conflict:
                if not conflict.retry:
                    raise
        return await self._walk(incoming, assistant, output, terms)

    async def _walk(
        self, incoming: Incoming, assistant: Assistant, output: OutputChannel, terms: Terms
    ) -> None:
        async with self.conversations.turn(incoming.sender_id, assistant, terms) as conversation:
            performer = Performer(conversation, assistant, self.outside, output)
            try:
                await self.open(conversation, assistant, performer, incoming.metadata)
                message = await self.understand(incoming, assistant)
                await self.note(conversation, assistant, performer, message)
                await self.decide_and_act(conversation, assistant, performer)
                await conversation.deliver(output, last=True)
            except StoreConflict as conflict:
                conflict.retry = not conversation.committed
                conversation.discard()
                raise

    async def open(
        self,
        conversation: Conversation,
        assistant: Assistant,
        performer: Performer,
        metadata: Mapping[str, Json] | None = None,
    ) -> None:
        """Begin the conversation, or a new session of it when the last one has expired."""
        with self.outside.observer.step("open"):
            await self._open(conversation, assistant, performer, metadata)

    async def _open(
        self,
        conversation: Conversation,
        assistant: Assistant,
        performer: Performer,
        metadata: Mapping[str, Json] | None,
    ) -> None:
        if assistant.generation is Generation.LEGACY:
            if conversation.is_new:
                await conversation.note([first_listen(assistant.context)])
            return
        if not conversation.has_no_session:
            if not self._has_expired(conversation.tracker, assistant):
                return
            await conversation.load_whole()
        if metadata:
            value = dict(metadata)
            await conversation.note([SlotSet(name="session_started_metadata", value=value)])
        await performer.run(session_start(conversation.tracker, assistant.context))

    async def understand(self, incoming: Incoming, assistant: Assistant) -> UserUttered:
        """Return the user event: the text with what it means."""
        with self.outside.observer.step("understand"):
            return await self._understand(incoming, assistant)

    async def _understand(self, incoming: Incoming, assistant: Assistant) -> UserUttered:
        text = incoming.text.strip()
        message_id = incoming.message_id or self._ids.new()
        notes: tuple[str, ...] = ()
        if incoming.parse_data is not None:
            parsed: dict[str, Json] = {"intent": {}, "entities": [], **incoming.parse_data}
        else:
            understanding, notes = await self.make_sense(text, message_id, assistant)
            parsed = understanding.as_dict()
        for note in notes:
            _log.warning("T711 %s", note)
        metadata = dict(incoming.metadata)
        if assistant.generation is Generation.MODERN:
            base: dict[str, Json] = {"message_id": message_id, "metadata": metadata}
            parsed = {"text": text, **base, **parsed}
        return UserUttered(
            text=text,
            parse_data=parsed,
            input_channel=incoming.input_channel,
            message_id=message_id,
            metadata=metadata,
        )

    async def make_sense(
        self, text: str, message_id: str, assistant: Assistant
    ) -> tuple[Understanding, tuple[str, ...]]:
        """Return what a text means, and notes on what was odd about it.

        The NLU server says it where there is one, unless the text states its intent. When that
        server fails nothing is understood, as in the originals.
        """
        language = self.outside.language
        if language is None or text.startswith(PREFIX):
            return await assistant.understand_aside(text)
        try:
            return await language.understand(text, message_id, assistant.generation), ()
        except LanguageServerError as error:
            _log.warning("%s", error)
            return _NOTHING, ()

    async def note(
        self,
        conversation: Conversation,
        assistant: Assistant,
        performer: Performer,
        message: UserUttered,
    ) -> None:
        """Log the message and the slots it fills.

        A loop of an earlier model that this one lacks is left first: nobody could go on with it.
        """
        with self.outside.observer.step("note"):
            await self._note(conversation, assistant, performer, message)

    async def _note(
        self,
        conversation: Conversation,
        assistant: Assistant,
        performer: Performer,
        message: UserUttered,
    ) -> None:
        lost = conversation.tracker.state.active_loop
        if lost is not None and lost not in assistant.context.action_set:
            _log.warning("T717 the model has no '%s' any more; the conversation leaves it", lost)
            await conversation.note([ActiveLoop(name=None)])
        self._report_unknown(message, assistant)
        tracker = await conversation.note([message])
        filled: list[Event]
        if assistant.generation is Generation.LEGACY:
            filled = list(auto_fill(assistant.domain, message.entities))
        else:
            filled = await performer.run(extract_slots(tracker, assistant.context))
        await conversation.note(filled)

    async def decide_and_act(
        self, conversation: Conversation, assistant: Assistant, performer: Performer
    ) -> None:
        """Predict and run actions until the bot listens again."""
        await performer.run(
            act_until_listen(conversation.tracker, assistant.context, limit=self.action_limit)
        )

    def _has_expired(self, tracker: Tracker, assistant: Assistant) -> bool:
        minutes = assistant.domain.session.expiration_minutes
        last = tracker.applied.state.latest_message
        if minutes <= 0 or last is EMPTY_MESSAGE or not last.timestamp:
            return False
        return (self.clock.now() - last.timestamp) / 60 > minutes

    def _report_unknown(self, message: UserUttered, assistant: Assistant) -> None:
        domain = assistant.domain
        name = message.intent_name
        if name and name not in domain.intents:
            _log.warning("T712 the intent '%s' is not in the domain; no story can use it", name)
        for entity in message.entities:
            kind = entity.get("entity")
            if kind not in domain.entities:
                _log.warning("T713 the entity '%s' is not in the domain; it has no effect", kind)
