"""Events of the user's side."""

from typing import Any, ClassVar, cast

import msgspec

from tertulia.core.events.event import Event, Json


class UserUttered(Event, frozen=True, kw_only=True):
    """The user said something, or an external trigger spoke for them.

    parse_data: what NLU made of the text; `intent` (object) and `entities` (list) at least.
    """

    type_name: ClassVar[str] = "user"

    parse_data: dict[str, Json]
    text: str | None = None
    input_channel: str | None = None
    message_id: str | None = None

    @property
    def intent(self) -> dict[str, Json]:
        """Return the winning intent object, `{}` when there is none."""
        found = self.parse_data.get("intent")
        return cast(dict[str, Any], found) if isinstance(found, dict) else {}

    @property
    def intent_name(self) -> str | None:
        """Return the winning intent's name."""
        name = self.intent.get("name")
        return name if isinstance(name, str) else None

    @property
    def entities(self) -> list[dict[str, Json]]:
        """Return the entity objects in order."""
        found = self.parse_data.get("entities")
        if not isinstance(found, list):
            return []
        items = cast(list[object], found)
        return [cast(dict[str, Any], item) for item in items if isinstance(item, dict)]


class UserFeaturization(Event, frozen=True, kw_only=True):
    """Whether the text or the intent of the last message counts from here on."""

    type_name: ClassVar[str] = "user_featurization"

    use_text_for_featurization: bool = False


class EntitiesAdded(Event, frozen=True, kw_only=True):
    """A policy found further entities in the last message."""

    type_name: ClassVar[str] = "entities"

    entities: list[dict[str, Json]] = msgspec.field(default_factory=list[dict[str, Json]])


class UserUtteranceReverted(Event, frozen=True, kw_only=True):
    """Everything back to before the last user message is undone."""

    type_name: ClassVar[str] = "rewind"


class ReminderScheduled(Event, frozen=True, kw_only=True):
    """Something shall happen later. action: 0.x form; intent and entities: since 1.7.

    date_time: ISO-8601. name: identity of the job, a second one of the same name replaces it.
    """

    type_name: ClassVar[str] = "reminder"

    date_time: str
    name: str = ""
    action: str | None = None
    intent: str | None = None
    entities: list[dict[str, Json]] | dict[str, Json] | None = None
    kill_on_user_msg: bool = True


class ReminderCancelled(Event, frozen=True, kw_only=True):
    """Scheduled reminders that match every given field are dropped; none given means all."""

    type_name: ClassVar[str] = "cancel_reminder"

    name: str | None = None
    intent: str | None = None
    entities: list[dict[str, Json]] | dict[str, Json] | None = None
    action: str | None = None


EMPTY_MESSAGE = UserUttered(parse_data={"intent": {}, "entities": [], "text": None})
"""The message a conversation has before its first one."""
