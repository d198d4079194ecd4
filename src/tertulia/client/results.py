"""What a server answers, typed. Unknown keys are left out; `raw` trackers keep everything."""

from typing import Any, Literal

import msgspec

Json = Any


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Something the bot said. custom: whatever else the bot's author put in."""

    recipient_id: str | None = None
    text: str | None = None
    image: str | None = None
    attachment: Json = None
    buttons: list[dict[str, Json]] = []
    custom: Json = None


class Tracker(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation's state. events: in the profile's wire form.

    etag: names the version, for changes; None when the server gives none (originals).
    """

    sender_id: str
    slots: dict[str, Json] = {}
    events: list[dict[str, Json]] | None = None
    latest_message: dict[str, Json] = {}
    paused: bool = False
    followup_action: str | None = None
    latest_action_name: str | None = None
    active_loop: dict[str, Json] = {}
    active_form: dict[str, Json] = {}
    etag: str | None = None


class Acted(msgspec.Struct, frozen=True, kw_only=True):
    """What running an action or an intent did. messages: empty when a channel got them."""

    tracker: Tracker
    messages: list[Message] = []


class Score(msgspec.Struct, frozen=True, kw_only=True):
    """How sure the policies are of an action, in [0, 1]."""

    action: str
    score: float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """The next action a bot would take."""

    scores: list[Score]
    policy: str | None = None
    confidence: float | None = None


class Intent(msgspec.Struct, frozen=True, kw_only=True):
    """name: None when nothing is understood. confidence: in [0, 1]."""

    name: str | None = None
    confidence: float | None = None


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """What a text means."""

    text: str | None = None
    intent: Intent = Intent()
    entities: list[dict[str, Json]] = []
    intent_ranking: list[Intent] = []


class LoggedEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored, with its number in the conversation."""

    seq: int
    event: dict[str, Json]


class LogPage(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a log. next: `after` of the next page, None at the end."""

    sender_id: str
    version: int
    events: list[LoggedEvent]
    next: int | None = None


class Export(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is kept of a conversation."""

    sender_id: str
    version: int
    reminders: list[dict[str, Json]]
    events: list[LoggedEvent]


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was stored. position: read on after it with `after`.

    kind: `message` for an event; `replaced`, the conversation begins anew; `erased`, the one whose
    id has this SHA-256 was forgotten.
    """

    position: int
    kind: Literal["message", "replaced", "erased"]
    sender_id: str | None = None
    sender_sha256: str | None = None
    seq: int | None = None
    event: dict[str, Json] | None = None


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """Versions a server names itself."""

    version: str
    minimum_compatible_version: str | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """Which model is loaded."""

    model_file: str | None = None
    model_id: str | None = None
    num_active_training_jobs: int = 0
