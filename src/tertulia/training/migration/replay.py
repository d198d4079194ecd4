"""Replays the stories of a project, step by step: what a migration must not change.

Source: spec stories.md sections 6 and 7.
"""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.model import Domain
from tertulia.core.events import ActionExecuted, ActiveLoop, UserUttered
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import Tracker, advance, new_tracker, rules_for
from tertulia.data.generate import TrainingTracker, generate
from tertulia.data.stories.model import StoryData

Json = Any


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """The conversation where an action is due. entities: (type, value); slots: those set."""

    action: str
    intent: str | None
    entities: tuple[tuple[str, str], ...]
    slots: tuple[tuple[str, str], ...]
    active_loop: str | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The first step at which a story goes another way."""

    story: str
    step: int
    before: Moment | None
    after: Moment | None


class Proof(msgspec.Struct, frozen=True, kw_only=True):
    """What the replay showed. stories, steps: how many were compared."""

    stories: int
    steps: int
    differences: Sequence[Difference]


def replayed(data: StoryData, domain: Domain) -> dict[str, list[Moment]]:
    """Return the steps of each story, by name; of one with branches, those of every way."""
    found: dict[str, list[Moment]] = {}
    stories = generate(
        replace(data, rules=()),
        domain,
        rules_for(domain),
        augmentation=0,
        states=training_history(StateTable(domain)),
        remove_duplicates=False,
        use_story_concatenation=False,
    )
    for story in stories:
        found.setdefault(story.name, []).extend(_moments(story, domain))
    return found


def compare(before: dict[str, list[Moment]], after: dict[str, list[Moment]]) -> Proof:
    """Return whether both go the same way."""
    differences: list[Difference] = []
    steps = 0
    for name in dict.fromkeys((*before, *after)):
        pairs = zip_longest(before.get(name, []), after.get(name, []))
        for step, (first, second) in enumerate(pairs, 1):
            steps += 1
            if first != second:
                differences.append(Difference(story=name, step=step, before=first, after=second))
                break
    return Proof(stories=len(before), steps=steps, differences=differences)


def _moments(story: TrainingTracker, domain: Domain) -> list[Moment]:
    tracker = new_tracker(story.name, rules_for(domain))
    loop: str | None = None
    moments: list[Moment] = []
    for event in story.events:
        if isinstance(event, ActionExecuted):
            moments.append(_moment(event, tracker, loop))
        elif isinstance(event, ActiveLoop):
            loop = event.name
        tracker = advance(tracker, event)
    return moments


def _moment(event: ActionExecuted, tracker: Tracker, loop: str | None) -> Moment:
    message: UserUttered = tracker.state.latest_message
    entities = [(str(one.get("entity")), _json(one.get("value"))) for one in message.entities]
    # 3.x keeps slots of its own beside those of the bot; they are no part of what it was told.
    own = {name: value for name, value in tracker.state.slots.items() if value is not None}
    return Moment(
        action=event.name or event.action_text or "",
        intent=message.intent_name,
        entities=tuple(entities),
        slots=tuple(sorted((name, _json(value)) for name, value in own.items())),
        active_loop=loop,
    )


def _json(value: Json) -> str:
    return msgspec.json.encode(value).decode()
