"""Events that begin, end, stop or continue a conversation."""

from typing import ClassVar

from tertulia.core.events.event import Event


class SessionStarted(Event, frozen=True, kw_only=True):
    """A new session begins; what was before no longer counts."""

    type_name: ClassVar[str] = "session_started"


class SessionEnded(Event, frozen=True, kw_only=True):
    """A session ended: accepted from newer programs, without effect here."""

    type_name: ClassVar[str] = "session_ended"


class Restarted(Event, frozen=True, kw_only=True):
    """The conversation starts anew."""

    type_name: ClassVar[str] = "restart"


class ConversationPaused(Event, frozen=True, kw_only=True):
    """The bot is silent until resumed; messages are still logged."""

    type_name: ClassVar[str] = "pause"


class ConversationResumed(Event, frozen=True, kw_only=True):
    """The bot speaks again."""

    type_name: ClassVar[str] = "resume"


class StoryExported(Event, frozen=True, kw_only=True):
    """An export was asked for. path is never honoured: it may come from the network."""

    type_name: ClassVar[str] = "export"

    path: str | None = None


class UnknownEvent(Event, frozen=True, kw_only=True):
    """A stored event of a type this version does not know, kept to the letter.

    name: the wire's `event` value. raw: the whole object.
    """

    type_name: ClassVar[str] = ""

    name: str
    raw: dict[str, object]
