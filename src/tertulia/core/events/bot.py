"""Events of the bot's side."""

from typing import ClassVar

from tertulia.core.events.event import Event, Json


class BotUttered(Event, frozen=True, kw_only=True):
    """The bot said something. data: buttons, image and other parts beside the text.

    content: what channels are given where the wire's `data` cannot say it all (0.x); not
    part of the wire.
    """

    type_name: ClassVar[str] = "bot"

    text: str | None = None
    data: dict[str, Json] | None = None
    content: dict[str, Json] | None = None


class AgentUttered(Event, frozen=True, kw_only=True):
    """A human agent said something; the bot only takes note."""

    type_name: ClassVar[str] = "agent"

    text: str | None = None
    data: dict[str, Json] | None = None


class ActionExecuted(Event, frozen=True, kw_only=True):
    """An action ran; its own events follow this one.

    policy, confidence: who predicted it and how sure (null when nobody did).
    action_text: end-to-end utterance instead of a name. hide_rule_turn: predicted by a rule
    that no story contains, invisible to learned policies. trace: why it was chosen; stored,
    and shown only to those who ask for it.
    """

    type_name: ClassVar[str] = "action"

    name: str | None = None
    policy: str | None = None
    confidence: float | None = None
    action_text: str | None = None
    hide_rule_turn: bool = False
    trace: dict[str, Json] | None = None


class ActionExecutionRejected(Event, frozen=True, kw_only=True):
    """An action refused to run; it is logged in place of the execution. trace: as there."""

    type_name: ClassVar[str] = "action_execution_rejected"

    name: str
    policy: str | None = None
    confidence: float | None = None
    trace: dict[str, Json] | None = None


class ActionReverted(Event, frozen=True, kw_only=True):
    """Everything back to before the last action is undone."""

    type_name: ClassVar[str] = "undo"


class FollowupAction(Event, frozen=True, kw_only=True):
    """This action runs next, whatever the policies say."""

    type_name: ClassVar[str] = "followup"

    name: str | None = None
