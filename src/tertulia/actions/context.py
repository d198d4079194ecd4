"""What an action sees of a conversation, and the verbs with which it acts.

Source: spec sdk.md sections 1 and 2; the words on the wire are those of every SDK generation.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NoReturn, cast

import msgspec

from tertulia.base.errors import ActionRejected

Json = Any

_NOTHING: Mapping[str, Json] = MappingProxyType({})


def _no_domain() -> Mapping[str, Json]:
    return _NOTHING


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The user's latest message. confidence: of the intent, in [0, 1].

    text and intent are None before the first message. entities: objects with `entity` and
    `value`, in the order of the text.
    """

    text: str | None = None
    intent: str | None = None
    confidence: float = 0.0
    entities: tuple[Mapping[str, Json], ...] = ()
    metadata: Mapping[str, Json] = _NOTHING


class Context:
    """One call of one action: the conversation as it is, and what the action adds to it.

    conversation_id: whose conversation it is. slots: name to value; what the action sets shows
    at once. latest_action: the name of the last one logged. active_loop: the running form's name.
    events: the session so far, oldest first, as JSON objects. channel: where the latest message
    came from. metadata: that the channel sent with it.

    responses, emitted: what the action said and did so far, in the wire's form; tests read them.
    """

    def __init__(
        self,
        action: str,
        tracker: Mapping[str, Json],
        *,
        domain: Callable[[], Mapping[str, Json]] = _no_domain,
    ) -> None:
        """Begin a call. tracker: `{"sender_id": ...}` and any further keys of the wire.

        domain: called when the action asks for the domain.
        """
        self.action = action
        self.conversation_id = str(tracker.get("sender_id", ""))
        self._slots: dict[str, Json] = dict(tracker.get("slots") or {})
        self.slots: Mapping[str, Json] = MappingProxyType(self._slots)
        self.message = _message(tracker.get("latest_message") or {})
        self.metadata = self.message.metadata
        self.latest_action = cast(str | None, tracker.get("latest_action_name"))
        loop: Mapping[str, Json] = tracker.get("active_loop") or tracker.get("active_form") or {}
        self.active_loop = cast(str | None, loop.get("name"))
        self.channel = cast(str | None, tracker.get("latest_input_channel"))
        self.events: Sequence[Mapping[str, Json]] = tuple(tracker.get("events") or ())
        self.responses: list[dict[str, Json]] = []
        self.emitted: list[dict[str, Json]] = []
        self._read_domain = domain
        self._domain: Mapping[str, Json] | None = None

    @property
    def domain(self) -> Mapping[str, Json]:
        """The bot's domain as JSON; read when first asked for, because it may be large."""
        if self._domain is None:
            self._domain = self._read_domain()
        return self._domain

    async def say(self, response: str, /, **variables: Json) -> None:
        """Say a response of the domain. variables: for its `{placeholders}`, beside the slots."""
        self.responses.append({**_utterance(), **variables, "template": response,
                               "response": response})  # fmt: skip

    async def say_text(
        self,
        text: str | None = None,
        *,
        buttons: Sequence[Mapping[str, Json]] = (),
        image: str | None = None,
        attachment: Json = None,
        custom: Mapping[str, Json] | None = None,
        elements: Sequence[Mapping[str, Json]] = (),
    ) -> None:
        """Say words of the action's own, or show something.

        buttons: objects with `title` and `payload`. custom: JSON that the channel understands.
        """
        self.responses.append(
            {
                **_utterance(),
                "text": text,
                "buttons": [dict(button) for button in buttons],
                "elements": [dict(element) for element in elements],
                "custom": dict(custom or {}),
                "image": image,
                "attachment": attachment,
            }
        )

    def set_slot(self, name: str, value: Json) -> None:
        """Give a slot a value, any JSON; None empties it."""
        self._slots[name] = value
        self.emit({"event": "slot", "name": name, "value": value})

    def follow_up(self, action: str) -> None:
        """Let this action run next, whatever the policies say."""
        self.emit({"event": "followup", "name": action})

    def remind(
        self,
        when: datetime,
        *,
        intent: str,
        entities: Sequence[Mapping[str, Json]] = (),
        name: str | None = None,
        kill_on_user_message: bool = True,
    ) -> None:
        """Ask to be reminded: at `when` the conversation gets a message with this intent.

        name: a second reminder of the same name replaces the first. kill_on_user_message: the
        reminder is dropped when the user speaks before.
        """
        named = {} if name is None else {"name": name}
        self.emit(
            {
                "event": "reminder",
                "date_time": when.isoformat(),
                "intent": intent,
                "entities": [dict(entity) for entity in entities],
                "kill_on_user_msg": kill_on_user_message,
                **named,
            }
        )

    def cancel_reminder(self, name: str | None = None, *, intent: str | None = None) -> None:
        """Drop the reminders with this name and this intent; all, when neither is given."""
        self.emit({"event": "cancel_reminder", "name": name, "intent": intent})

    def pause(self) -> None:
        """Keep the bot silent until it is resumed."""
        self.emit({"event": "pause"})

    def resume(self) -> None:
        """Let the bot speak again."""
        self.emit({"event": "resume"})

    def restart(self) -> None:
        """Begin the conversation anew."""
        self.emit({"event": "restart"})

    def emit(self, event: Mapping[str, Json]) -> None:
        """Add any event in the wire's form; one without a timestamp gets the time of its log."""
        self.emitted.append({"timestamp": None, **event})

    def reject(self, reason: str = "") -> NoReturn:
        """Refuse to run; the policies choose another action.

        Raises:
            ActionRejected: always; what the action said and did so far is dropped.
        """
        raise ActionRejected(self.action, reason)


def show_slot(ctx: Context, name: str, value: Json) -> None:
    """Let `ctx.slots` show a value that is not decided yet, without an event."""
    ctx._slots[name] = value  # pyright: ignore[reportPrivateUsage] - no verb of an action's


def _message(raw: Mapping[str, Json]) -> Message:
    intent: Mapping[str, Json] = raw.get("intent") or {}
    return Message(
        text=raw.get("text"),
        intent=intent.get("name"),
        confidence=float(intent.get("confidence") or 0.0),
        entities=tuple(raw.get("entities") or ()),
        metadata=raw.get("metadata") or _NOTHING,
    )


def _utterance() -> dict[str, Json]:
    """Return an empty response; clients of old generations look for every key."""
    return {
        "text": None,
        "buttons": [],
        "elements": [],
        "custom": {},
        "template": None,
        "response": None,
        "image": None,
        "attachment": None,
    }
