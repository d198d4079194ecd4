"""All events: what happened in a conversation. Past tense, frozen, no behaviour."""

from tertulia.core.events.bot import (
    ActionExecuted,
    ActionExecutionRejected,
    ActionReverted,
    AgentUttered,
    BotUttered,
    FollowupAction,
)
from tertulia.core.events.event import Event
from tertulia.core.events.forms import ActiveLoop, LoopInterrupted
from tertulia.core.events.session import (
    ConversationPaused,
    ConversationResumed,
    Restarted,
    SessionEnded,
    SessionStarted,
    StoryExported,
    UnknownEvent,
)
from tertulia.core.events.slots import AllSlotsReset, SlotSet
from tertulia.core.events.user import (
    EMPTY_MESSAGE,
    EntitiesAdded,
    ReminderCancelled,
    ReminderScheduled,
    UserFeaturization,
    UserUtteranceReverted,
    UserUttered,
)

ACTION_LISTEN = "action_listen"
ACTION_SESSION_START = "action_session_start"
ACTION_RESTART = "action_restart"
ACTION_BACK = "action_back"
ACTION_DEFAULT_FALLBACK = "action_default_fallback"

__all__ = [
    "ACTION_BACK",
    "ACTION_DEFAULT_FALLBACK",
    "ACTION_LISTEN",
    "ACTION_RESTART",
    "ACTION_SESSION_START",
    "EMPTY_MESSAGE",
    "ActionExecuted",
    "ActionExecutionRejected",
    "ActionReverted",
    "ActiveLoop",
    "AgentUttered",
    "AllSlotsReset",
    "BotUttered",
    "ConversationPaused",
    "ConversationResumed",
    "EntitiesAdded",
    "Event",
    "FollowupAction",
    "LoopInterrupted",
    "ReminderCancelled",
    "ReminderScheduled",
    "Restarted",
    "SessionEnded",
    "SessionStarted",
    "SlotSet",
    "StoryExported",
    "UnknownEvent",
    "UserFeaturization",
    "UserUtteranceReverted",
    "UserUttered",
]
