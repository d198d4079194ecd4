"""Stories that contradict each other: the same recent turns, and then different actions.

Source: spec stories.md section 9.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.events import ACTION_LISTEN
from tertulia.core.states import StateHistory, TurnState
from tertulia.core.states.cells import Moment, window
from tertulia.data.dialogue import dialogue
from tertulia.data.generate import TrainingTracker, labelled_moments

_SHOWN = 3


class Choice(msgspec.Struct, frozen=True):
    """One of the contradicting actions: where it is said, first come first, and how often."""

    action: str
    places: tuple[tuple[str, SourceSpan | None], ...]
    count: int


class StoryConflict(msgspec.Struct, frozen=True):
    """Stories agree in all that a policy sees, then do different things.

    states: what it sees, oldest first. choices: at least two, in the order found.
    conversation: the shortest one that comes to this point, a line for each thing that happens.
    """

    states: tuple[TurnState, ...]
    choices: tuple[Choice, ...]
    conversation: tuple[str, ...] = ()

    @property
    def after(self) -> str:
        """Return in words what happened last."""
        last = self.states[-1]
        if last.action != ACTION_LISTEN:
            return f"the action '{last.action}'"
        if last.user.intent is not None:
            return f"the intent '{last.user.intent}'"
        return "the user message" if last.user.text is not None else "waiting for the user"


def find_conflicts(
    trackers: Iterable[TrainingTracker], history: StateHistory, max_history: int | None
) -> list[StoryConflict]:
    """Return where the conversations contradict each other, in the order found.

    trackers: as written: no augmentation, duplicates kept; rules are left out here, other checks
    look at them. max_history: how many states back a policy looks; None looks at all.
    """
    seen: dict[tuple[TurnState, ...], dict[str, list[tuple[str, SourceSpan | None]]]] = {}
    shortest: dict[tuple[TurnState, ...], tuple[TrainingTracker, Moment]] = {}
    for training in trackers:
        if training.is_rule or training.is_augmented:
            continue
        for moment, at in labelled_moments(training, history):
            if moment.cell.state.action is None:
                continue
            states = window(moment.cell, max_history).states
            places = seen.setdefault(states, {}).setdefault(moment.action, [])
            places.append((training.name, at))
            known = shortest.get(states)
            if known is None or moment.cell.size < known[1].cell.size:
                shortest[states] = (training, moment)
    return [
        StoryConflict(
            states, tuple(_choice(*said) for said in actions.items()), _before(*shortest[states])
        )
        for states, actions in seen.items()
        if len(actions) > 1
    ]


def report_conflicts(
    conflicts: Iterable[StoryConflict], *, diagnostics: Diagnostics, max_history: int | None = None
) -> None:
    """Note each conflict at the place of its second action, with the places of the others.

    max_history: as they were found with, for the message.
    """
    far = "one state" if max_history == 1 else f"{max_history} states"
    seen = "" if max_history is None else f" to policies that look back {far}"
    for conflict in conflicts:
        said = "; ".join(_in_words(choice) for choice in conflict.choices)
        diagnostics.warning(
            "T326",
            f"stories contradict each other after {conflict.after}{seen}: {said}",
            hint="Let them do the same, or let them differ before: by a slot, another intent, or "
            "a larger max_history if they differ earlier than the policies look back.",
            at=conflict.choices[1].places[0][1],
            details=(*conflict.conversation, *_endings(conflict.choices)),
        )


def _before(training: TrainingTracker, moment: Moment) -> tuple[str, ...]:
    return dialogue(training.tracker.applied_events(), moment.event)


def _endings(choices: Iterable[Choice]) -> Iterator[str]:
    for number, choice in enumerate(choices):
        yield f"{'or' if number else 'then'}: {choice.action} (story '{choice.places[0][0]}')"


def _choice(action: str, said: Sequence[tuple[str, SourceSpan | None]]) -> Choice:
    places = tuple(dict.fromkeys(said))
    return Choice(action, places[:_SHOWN], len(places))


def _in_words(choice: Choice) -> str:
    places = ", ".join(
        f"'{name}' ({at})" if at is not None else f"'{name}'" for name, at in choice.places
    )
    more = choice.count - len(choice.places)
    others = f" and {more} other places" if more else ""
    return f"'{choice.action}' in {places}{others}"
