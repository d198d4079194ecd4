"""One due reminder, fired as one turn of its conversation: exactly once, whatever dies when.

Rule: the first commit of the turn takes the reminder off the schedule. Until then nothing is said
or asked elsewhere, and a failure leaves the reminder where it was.

Source: spec events.md section 3 (reminder).
"""

import logging

from tertulia.core.events import ACTION_LISTEN, EMPTY_MESSAGE
from tertulia.core.prediction import Decision
from tertulia.core.reminders import Reminder, external_message, is_in_force
from tertulia.core.turn import run_decision
from tertulia.engine.assistant import Assistant
from tertulia.engine.channels import Channels
from tertulia.engine.conversation import Conversation
from tertulia.engine.perform import Performer
from tertulia.engine.process import Processor

_log = logging.getLogger("tertulia.turn")


class Reminders:
    """Fires reminders into their conversations, in turn with the messages of their users."""

    def __init__(self, processor: Processor, channels: Channels) -> None:
        self._processor = processor
        self._channels = channels

    async def fire(self, reminder: Reminder, assistant: Assistant) -> None:
        """Take a reminder off the schedule and let the bot react, unless it is outdated.

        Raises:
            StoreConflict: somebody else fired or replaced it, or wrote to the conversation.
            LockTimeout, StoreUnavailable: it is still on the schedule.
        """
        conversations = self._processor.conversations
        async with conversations.turn(reminder.sender_id, assistant) as conversation:
            try:
                in_force = await _is_in_force(reminder, conversation)
                conversation.take_off(reminder)
                if in_force:
                    await self._react(reminder, conversation, assistant)
                else:
                    await conversation.commit()
                    _log.debug("the reminder '%s' is outdated and dropped", reminder.name)
            finally:
                if not conversation.committed:
                    conversation.discard()  # it failed, and fires another time

    async def _react(
        self, reminder: Reminder, conversation: Conversation, assistant: Assistant
    ) -> None:
        processor = self._processor
        # A 0.x reminder logs a message without a channel: later ones go where it was scheduled.
        conversation.channel = conversation.tracker.latest_input_channel or reminder.channel
        output = self._channels.output_for(conversation.channel, reminder.sender_id)
        performer = Performer(conversation, assistant, processor.outside, output)
        await processor.open(conversation, assistant, performer)
        if reminder.action is not None:
            await self._act(reminder.action, conversation, assistant, performer)
        else:
            message = external_message(
                reminder.intent or "",
                reminder.entities,
                channel=conversation.tracker.latest_input_channel,
                generation=assistant.generation,
            )
            await processor.note(conversation, assistant, performer, message)
        if reminder.action != ACTION_LISTEN:
            await processor.decide_and_act(conversation, assistant, performer)
        await conversation.deliver(output)

    async def _act(
        self, action: str, conversation: Conversation, assistant: Assistant, performer: Performer
    ) -> None:
        """Run the action of the 0.x form, with no message that policies could look at."""
        tracker = await conversation.note([EMPTY_MESSAGE])
        why = {"by": "reminder"}
        decision = Decision(action=action, policy=None, confidence=None, why=why)
        await performer.run(run_decision(tracker, decision, assistant.context))


async def _is_in_force(reminder: Reminder, conversation: Conversation) -> bool:
    # Before a new session is opened: the originals look after it, and lose what is due later
    # than a session lasts.
    log = await conversation.log()
    await conversation.load_whole()
    return is_in_force(reminder, log, conversation.tracker.applied_events())
