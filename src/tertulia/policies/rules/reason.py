"""What the rules say of one conversation, and which rule says it.

Source: spec policies.md section 8.3.
"""

import msgspec
from msgspec.structs import replace

from tertulia.core.events import (
    ACTION_BACK,
    ACTION_LISTEN,
    ACTION_RESTART,
    ACTION_SESSION_START,
)
from tertulia.core.states import (
    SHOULD_NOT_BE_SET,
    PlainHistory,
    StateTable,
    TurnState,
    UserPart,
)
from tertulia.core.tracker import Tracker
from tertulia.policies.rules.book import RuleBook
from tertulia.policies.rules.learn import (
    DO_NOT_PREDICT_LOOP,
    LOOP_WAS_INTERRUPTED,
    active_loop,
    key_of,
)

DEFAULT_ACTIONS = {
    "restart": ACTION_RESTART,
    "back": ACTION_BACK,
    "session_start": ACTION_SESSION_START,
}
"""Intents that every bot understands, and what they run."""


class Source(msgspec.Struct, frozen=True):
    """Where a prediction comes from. kind: rule (name is its key), default, loop or listen."""

    kind: str
    name: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """action None: no rule applies. returning: the loop shall know it was interrupted."""

    action: str | None = None
    source: Source | None = None
    no_user: bool = False
    end_to_end: bool = False
    returning: bool = False


class Reasoner:
    """Rules applied to conversations. unhappy: what loops must know, see `learn`."""

    def __init__(self, table: StateTable, rules: RuleBook[str], unhappy: RuleBook[str]) -> None:
        self.rules = rules
        self.unhappy = unhappy
        self._history = PlainHistory(table)
        self.longest = max(rules.longest, unhappy.longest)
        self._texts = rules.knows_texts

    def verdict(self, tracker: Tracker) -> Verdict:
        """Return what the rules want next."""
        from_text = self._by_text(tracker)
        if from_text.action is None and (found := self._default(tracker)):
            return found
        if found := self._happy_loop(tracker):
            return found
        if from_text.action is not None:
            return replace(from_text, end_to_end=True)
        return self._by_states(tracker, self._states(tracker))

    def unknown(self, tracker: Tracker) -> Source:
        """Return a source that stands for a conversation which no rule knows."""
        states = self._history.last(tracker, None).states
        return Source("rule", key_of(states) or "")

    def _states(self, tracker: Tracker) -> tuple[TurnState, ...]:
        return self._history.last(tracker, self.longest).states

    def _by_text(self, tracker: Tracker) -> Verdict:
        text = tracker.state.latest_message.text
        if not self._texts or not text or tracker.state.latest_action != ACTION_LISTEN:
            return Verdict()
        *before, last = self._states(tracker)
        states = (*before, replace(last, user=UserPart(text=text)))
        return self._by_states(tracker, states)

    def _default(self, tracker: Tracker) -> Verdict | None:
        if tracker.state.latest_action != ACTION_LISTEN:
            return None
        intent = tracker.state.latest_message.intent_name or ""
        action = DEFAULT_ACTIONS.get(intent)
        return Verdict(action=action, source=Source("default", intent)) if action else None

    def _happy_loop(self, tracker: Tracker) -> Verdict | None:
        loop = tracker.state.loop
        name = active_name(tracker)
        if loop is None or name is None or loop.rejected:
            return None
        if tracker.state.latest_action == name:
            return Verdict(action=ACTION_LISTEN, source=Source("listen", name), no_user=True)
        return Verdict(action=name, source=Source("loop", name), no_user=True)

    def _by_states(self, tracker: Tracker, states: tuple[TurnState, ...]) -> Verdict:
        best = self.rules.most_specific(states)
        action = None if best is None else best.value
        source = None if best is None else Source("rule", best.key)
        loop = active_name(tracker)
        if loop is None:
            return Verdict(action=action, source=source)
        conditions = {entry.value for entry in self.unhappy.matching(states)}
        is_general = best is not None and active_loop(best.states[-1]) is None
        if action == ACTION_LISTEN and is_general:
            # The rule knows of no loop, so it cannot know that the loop goes on here.
            if DO_NOT_PREDICT_LOOP not in conditions:
                return Verdict(action=loop, source=Source("loop", loop))
            action = None
        return Verdict(action=action, source=source, returning=LOOP_WAS_INTERRUPTED in conditions)


def active_name(tracker: Tracker) -> str | None:
    """Return the loop that is active, if it is not the mark of rules that none may be."""
    name = tracker.state.active_loop
    return None if name == SHOULD_NOT_BE_SET else name
