"""Do rules fit together, and with the stories? Every problem names those that disagree.

Source: spec stories.md section 8.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION
from tertulia.core.domain.model import Domain
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    SlotSet,
    UserUttered,
)
from tertulia.core.slots import dimension
from tertulia.core.states import PlainHistory, StateTable, TurnState
from tertulia.core.tracker import Tracker, advance, new_tracker
from tertulia.data.dialogue import dialogue
from tertulia.data.generate import TrainingTracker
from tertulia.policies.rules.reason import DEFAULT_ACTIONS, Reasoner, Source, Verdict, active_name

_SHOWN = 3


def check_restriction(rules: Iterable[TrainingTracker], diagnostics: Diagnostics) -> None:
    """Report rules with more than one user message."""
    for rule in rules:
        messages = [event for event in rule.events if isinstance(event, UserUttered)]
        if len(messages) > 1:
            diagnostics.error(
                "T380",
                f"the rule {label(rule)} has more than one user message",
                hint="Write a story instead, or set 'restrict_rules: false' on the RulePolicy.",
                at=place(rule),
                details=(*dialogue(rule.events, messages[1]), *dialogue(messages[1:2])),
            )


class _Trace(msgspec.Struct):
    """What directly follows an action in some rule."""

    slots: set[str]
    loops: set[str | None]


def check_completeness(
    rules: Sequence[TrainingTracker], domain: Domain, table: StateTable, diagnostics: Diagnostics
) -> None:
    """Report rules that leave out a slot or loop which another rule has after the same action."""
    traces = _traces(rules, domain)
    history = PlainHistory(table)
    for rule in rules:
        for moment in history.moments(rule.tracker):
            state = moment.cell.state
            trace = traces.get(state.action or "")
            if trace is None or RULE_SNIPPET_ACTION in (moment.action, state.action):
                continue
            if missing := _missing(trace, state):
                diagnostics.error(
                    "T381",
                    f"the rule {label(rule)} is incomplete: after '{state.action}' it does not "
                    f"say {missing}, as other rules do",
                    hint="State it (null if it is not set), or end the rule with "
                    "'wait_for_user_input: false'.",
                    at=place(rule),
                    details=(
                        *dialogue(rule.tracker.applied_events(), moment.event),
                        f"then: {missing}?",
                    ),
                )


def _traces(rules: Iterable[TrainingTracker], domain: Domain) -> dict[str, _Trace]:
    featurized = {s.name for s in domain.slots.values() if dimension(s, domain.generation)}
    found: dict[str, _Trace] = {}
    for rule in rules:
        action: str | None = None
        for event in rule.events:
            if isinstance(event, ActionExecuted):
                action = event.name
            elif isinstance(event, UserUttered):
                action = None
            elif action is not None and isinstance(event, SlotSet | ActiveLoop):
                trace = found.setdefault(action, _Trace(set(), set()))
                if isinstance(event, ActiveLoop):
                    trace.loops.add(event.name)
                elif event.name in featurized:
                    trace.slots.add(event.name)
    return found


def _missing(trace: _Trace, state: TurnState) -> str:
    slots = sorted(trace.slots - {name for name, _ in state.slots})
    parts = [f"what the slot '{name}' is" for name in slots]
    if trace.loops and state.loop not in trace.loops:
        loops = " or ".join(f"'{name}'" for name in sorted(str(name) for name in trace.loops))
        parts.append(f"which loop is active ({loops})")
    return " and ".join(parts)


class _Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules say before one action of a conversation, and what stands there.

    before: number of events that lead to it.
    """

    verdict: Verdict
    expected: str
    event: ActionExecuted
    before: int
    at: SourceSpan | None


class _Claim(msgspec.Struct, frozen=True):
    """Who wants an action. at: where they stand, in brackets."""

    who: str
    at: str
    wants: str


class _Clash(msgspec.Struct, frozen=True):
    """A conversation that goes on in another way than the rules say."""

    one: TrainingTracker
    prediction: _Prediction


class Contradictions:
    """Runs the rules over rules and stories, and notes who disagrees.

    Conversations that disagree with the same rule in the same way are one problem, shown by the
    shortest of them. used: sources of predictions that stories confirm, to tell which rules are
    in no story.
    """

    def __init__(self, reasoner: Reasoner, diagnostics: Diagnostics) -> None:
        self._reasoner = reasoner
        self._diagnostics = diagnostics
        self._sources: dict[Source, list[_Claim]] = defaultdict(list)
        self._clashes: dict[tuple[Source, str, str, bool], list[_Clash]] = defaultdict(list)
        self.used: set[Source] = set()

    def check(self, rules: Sequence[TrainingTracker], stories: Iterable[TrainingTracker]) -> None:
        """Report every contradiction; drop the few rules that stories may overrule."""
        for rule in rules:
            for found in self._predictions(rule):
                source = found.verdict.source
                if source is not None:
                    claim = _claim(rule, found.verdict, source, found.expected)
                    self._sources[source].append(claim)
        for one in chain(rules, stories):
            for found in self._predictions(one):
                source = found.verdict.source
                if source is None:
                    continue
                if found.verdict.action != found.expected:
                    self._judge(one, found, source)
                elif not one.is_rule:
                    self.used.add(source)
        for (source, _, action, _), clashes in self._clashes.items():
            self._report(source, action, clashes)

    def unused(self, domain: Domain) -> frozenset[Source]:
        """Return the sources that no story confirms: their turns are hidden from learning."""
        known = set(self._sources)
        known |= {Source("default", intent) for intent in DEFAULT_ACTIONS}
        known |= {Source(kind, name) for name in domain.forms for kind in ("loop", "listen")}
        return frozenset(known - self.used)

    def _predictions(self, one: TrainingTracker) -> list[_Prediction]:
        """Return what the rules say at each action that can be predicted, and what is expected."""
        found: list[_Prediction] = []
        running = new_tracker(one.tracker.sender_id, one.tracker.rules)
        predictable = False
        for before, event in enumerate(one.tracker.applied_events()):
            if isinstance(event, ActionExecuted):
                placed = one.placed(event)
                if event.name == RULE_SNIPPET_ACTION:
                    predictable = False
                elif not predictable or not placed.is_label:
                    predictable = True
                else:
                    expected = event.name or event.action_text or ""
                    verdict, running = self._ask(running, expected)
                    if one.is_rule and verdict.source is None:
                        # Rules that want different things here have cancelled each other out.
                        verdict = replace(verdict, source=self._reasoner.unknown(running))
                    found.append(
                        _Prediction(
                            verdict=verdict,
                            expected=expected,
                            event=event,
                            before=before,
                            at=placed.at,
                        )
                    )
            running = advance(running, event)
        return found

    def _ask(self, tracker: Tracker, expected: str) -> tuple[Verdict, Tracker]:
        verdict = self._reasoner.verdict(tracker)
        loop = active_name(tracker)
        if loop is not None and expected != verdict.action == loop:
            # A running loop comes first; in an unhappy path it would have refused by now.
            tracker = advance(tracker, ActionExecutionRejected(name=loop))
            verdict = self._reasoner.verdict(tracker)
        return verdict, tracker

    def _judge(self, one: TrainingTracker, found: _Prediction, source: Source) -> None:
        verdict = found.verdict
        if not one.is_rule:
            if verdict.action is None:
                return
            if verdict.action == ACTION_LISTEN and self._is_overruled(source):
                self._reasoner.rules.drop(source.name)
                return
        wanted = {claim.wants for claim in self._sources[source]} - {found.expected}
        for action in sorted({verdict.action or wants for wants in wanted}):
            self._clashes[source, found.expected, action, one.is_rule].append(_Clash(one, found))

    def _report(self, source: Source, action: str, clashes: Sequence[_Clash]) -> None:
        shortest = min(clashes, key=lambda clash: clash.prediction.before)
        one, found = shortest.one, shortest.prediction
        those = [
            claim
            for claim in self._sources[source]
            if claim.wants != found.expected and action in (found.verdict.action, claim.wants)
        ]
        by = ", ".join(dict.fromkeys(f"the {claim.who}{claim.at}" for claim in those))
        self._diagnostics.error(
            "T382",
            f"the {_kind(one)} {label(one)} expects '{found.expected}', but '{action}' is "
            f"predicted by {by}{_others(shortest, clashes)}",
            hint="Change one of them, or give the rule a condition that keeps them apart.",
            at=found.at or place(one),
            details=(
                *dialogue(one.tracker.applied_events(), found.event),
                f"then: {found.expected} ({_kind(one)} '{one.name}')",
                f"or: {action} ({', '.join(dict.fromkeys(claim.who for claim in those))})",
            ),
        )

    def _is_overruled(self, source: Source) -> bool:
        """Tell whether a rule that waits after one action is only the beginning of another."""
        if source.kind != "rule" or source.name.count('"prev_action"') > 1:
            return False
        start = source.name[:-2]
        return any(
            entry.key.startswith(start) and entry.key != source.name
            for entry in self._reasoner.rules
        )


def _kind(one: TrainingTracker) -> str:
    return "rule" if one.is_rule else "story"


def _others(shown: _Clash, clashes: Iterable[_Clash]) -> str:
    """Return where else the same is expected, each place once."""
    at = shown.prediction.at
    places = dict.fromkeys(str(clash.prediction.at) for clash in clashes)
    others = [where for where in places if where != str(at)]
    if not others:
        return ""
    more = len(others) - _SHOWN
    return f"; so at {', '.join(others[:_SHOWN])}" + (f" and {more} more" if more > 0 else "")


def _claim(rule: TrainingTracker, verdict: Verdict, source: Source, expected: str) -> _Claim:
    """Return who stands behind a prediction, and what they want."""
    if source.kind == "rule" or verdict.action is None:
        at = place(rule)
        return _Claim(f"rule '{rule.name}'", f" ({at})" if at else "", expected)
    what = "intent" if source.kind == "default" else "loop"
    return _Claim(f"built-in handling of the {what} '{source.name}'", "", verdict.action)


def label(one: TrainingTracker) -> str:
    """Return the name with file and line."""
    at = place(one)
    return f"'{one.name}' ({at})" if at else f"'{one.name}'"


def place(one: TrainingTracker) -> SourceSpan | None:
    """Return where the conversation begins in a file."""
    return next((placed.at for part in one.parts for placed in part if placed.at), None)
