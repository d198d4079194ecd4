"""What pure code asks of the engine while a turn runs. The core asks, the engine does.

A script is a generator: it yields one of these and is sent the answer.
"""

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import msgspec

from tertulia.core.events import Event
from tertulia.core.tracker import Tracker

Json = Any
T = TypeVar("T")


class Decide(msgspec.Struct, frozen=True):
    """Predict the next action of this conversation. Answer: Decision."""

    tracker: Tracker


class Note(msgspec.Struct, frozen=True):
    """Log these events; `bot` events among them are said. Answer: the Tracker after them.

    Raised into the script: nothing; a failure to log ends the turn.
    """

    events: tuple[Event, ...]


class CallAction(msgspec.Struct, frozen=True, kw_only=True):
    """Run a custom action. Answer: ActionAnswer.

    tracker: what the action shall see. draft: its newest events, not yet logged, that the action
    shall see in the event list too. only_after_restart: events before the last restart are not
    shown. Raised into the script: ActionRejected, ActionServerError.
    """

    name: str
    tracker: Tracker
    draft: tuple[Event, ...] = ()
    only_after_restart: bool = False


class ActionAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a custom action returned: events, and objects to utter (spec sdk.md section 2)."""

    events: Sequence[Event] = ()
    responses: Sequence[dict[str, Json]] = ()


class WriteResponse(msgspec.Struct, frozen=True, kw_only=True):
    """Word a response of the domain. Answer: its content, or None when there is none.

    arguments: variables beside the slots. silent: a missing response is no problem.
    Raised into the script: ResponseServerError.
    """

    name: str
    tracker: Tracker
    arguments: dict[str, Json] = {}
    draft: tuple[Event, ...] = ()
    silent: bool = False


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """Tell the operator something that went wrong and was survived. Answer: None.

    code: as of an error. text: without message texts or slot values.
    """

    code: str
    text: str


Ask = Decide | Note | CallAction | WriteResponse | Remark

Script = Generator[Ask, Any, T]
"""Asks things, is sent the answers, returns a T."""
