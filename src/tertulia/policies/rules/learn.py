"""From rule conversations to keys: what must be seen, and what is done then.

Source: spec policies.md section 8.1.
"""

from collections.abc import Iterable, Sequence

from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.events import ACTION_LISTEN, ActiveLoop
from tertulia.core.states import (
    SHOULD_NOT_BE_SET,
    Moment,
    PlainHistory,
    RuleOnly,
    StateTable,
    TurnState,
    state_key,
)
from tertulia.core.states.cells import window
from tertulia.data.generate import TrainingTracker, labelled_moments, placed_moments
from tertulia.policies.origins import Origins
from tertulia.policies.rules.book import RuleBook
from tertulia.policies.story_moments import StoryMoments

LOOP_WAS_INTERRUPTED = "loop_was_interrupted"
DO_NOT_PREDICT_LOOP = "do_not_predict_loop_action"


def learn_rules(
    rules: Iterable[TrainingTracker], table: StateTable, origins: Origins[str]
) -> RuleBook[str]:
    """Return action by key; keys with two different actions are left out. origins: gets them."""
    history = PlainHistory(table, omit_unset=True)
    found: dict[str, str] = {}
    ambiguous: set[str] = set()
    for rule in rules:
        for moment, placed in placed_moments(rule, history):
            key = key_of(window(moment.cell, None).states)
            if key is None:
                continue
            if found.setdefault(key, moment.action) != moment.action:
                ambiguous.add(key)
            origins.note(key, placed)
    return RuleBook(
        (key, action)
        for key, action in found.items()
        if key not in ambiguous and action != RULE_SNIPPET_ACTION
    )


def learn_unhappy_paths(
    rules: Iterable[TrainingTracker], stories: Iterable[TrainingTracker], table: StateTable
) -> RuleBook[str]:
    """Return what a loop must know when something else ran inside it, by key."""
    found: dict[str, str] = {}
    for trackers, omit_unset in ((rules, True), (stories, False)):
        history = PlainHistory(table, omit_unset=omit_unset)
        for one in trackers:
            if not any(isinstance(event, ActiveLoop) for event in one.events):
                continue
            for moment, _ in labelled_moments(one, history):
                noted = _unhappy(moment)
                if noted is not None:
                    found[noted[0]] = noted[1]
    return RuleBook(found.items())


def rule_only(
    rules: Iterable[TrainingTracker], stories: StoryMoments, table: StateTable
) -> RuleOnly:
    """Return the slots and loops that occur in states of rules and in none of stories."""
    history = PlainHistory(table, omit_unset=True)
    of_rules = _mentioned(
        moment.cell.state for one in rules for moment, _ in labelled_moments(one, history)
    )
    of_stories = _mentioned(stories.decided())
    return RuleOnly(
        of_rules.slots - of_stories.slots, of_rules.loops - of_stories.loops - {SHOULD_NOT_BE_SET}
    )


def active_loop(state: TurnState) -> str | None:
    """Return the loop that is active in a state."""
    return None if state.loop == SHOULD_NOT_BE_SET else state.loop


def key_of(states: Sequence[TurnState]) -> str | None:
    """Return the key of the states after the last mark that anything may have happened."""
    for index in range(len(states) - 1, -1, -1):
        if states[index].action == RULE_SNIPPET_ACTION:
            states = states[index + 1 :]
            break
    return state_key(states) if states else None


def _unhappy(moment: Moment) -> tuple[str, str] | None:
    states = window(moment.cell, 2).states
    current = states[-1]
    loop = active_loop(current)
    if loop is None:
        return None
    if len(states) == 2 and states[0].action is not None:
        # The message before does not matter, only what the bot asked.
        before = states[0]
        states = (TurnState(action=before.action, action_is_text=before.action_is_text), current)
    else:
        states = (current,)
    key = key_of(states)
    if key is None:
        return None
    after_message = current.action == ACTION_LISTEN
    if after_message and moment.action == loop:
        return key, LOOP_WAS_INTERRUPTED
    if not after_message and moment.action != loop:
        return key, DO_NOT_PREDICT_LOOP
    return None


def _mentioned(states: Iterable[TurnState]) -> RuleOnly:
    slots: set[str] = set()
    loops: set[str] = set()
    for state in states:
        slots.update(name for name, _ in state.slots)
        if state.loop is not None:
            loops.add(state.loop)
    return RuleOnly(frozenset(slots), frozenset(loops))
