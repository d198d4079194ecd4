"""Forms of the modern generation: asking for slots until all are filled.

Source: spec policies.md section 9.2, sdk.md section 6.
"""

from typing import Any

from tertulia.base.errors import ActionRejected
from tertulia.core.actions.context import RunContext, Runner
from tertulia.core.actions.custom import call_custom
from tertulia.core.actions.defaults import REQUESTED_SLOT
from tertulia.core.actions.extraction import extract_slots
from tertulia.core.asks import Script
from tertulia.core.domain.model import Form
from tertulia.core.events import (
    ACTION_LISTEN,
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.core.tracker import Tracker, advance_all

Json = Any


def run_form(
    name: str, tracker: Tracker, context: RunContext, run_action: Runner
) -> Script[list[Event]]:
    """Activate the form, take what the user said, ask for the next slot or finish.

    Raises:
        ActionRejected: a slot was asked for and the message does not answer.
    """
    form = _Form(context.domain.forms[name], tracker, context, run_action)
    events: list[Event] = []
    if tracker.state.active_loop != name:
        events.append(ActiveLoop(name=name))
        events += yield from form.activate()
    if not is_done(events):
        only_activation = all(isinstance(event, ActiveLoop) for event in events)
        if only_activation:
            events += yield from form.validate()
        if not _rejected_by_hand(events):
            events += yield from form.request_next_slot(events)
    if is_done(events):
        events.append(ActiveLoop(name=None))
    return events


def is_done(events: list[Event]) -> bool:
    """Tell whether these events end the form: nothing requested any more, or deactivated."""
    if _rejected_by_hand(events):
        return False
    for event in reversed(events):
        if isinstance(event, SlotSet) and event.name == REQUESTED_SLOT:
            if event.value is None:
                return True
            break
    for event in reversed(events):
        if isinstance(event, ActiveLoop):
            return event.name is None
    return False


def _rejected_by_hand(events: list[Event]) -> bool:
    return any(isinstance(event, ActionExecutionRejected) for event in events)


class _Form:
    """One run of one form."""

    def __init__(
        self, form: Form, tracker: Tracker, context: RunContext, run_action: Runner
    ) -> None:
        self._form = form
        self._tracker = tracker
        self._context = context
        self._run_action = run_action
        self._validator = f"validate_{form.name}"

    def activate(self) -> Script[list[Event]]:
        """Fill slots from the message that activates the form; check what was filled before."""
        activated = ActiveLoop(name=self._form.name)
        context = self._context.after((*self._context.draft, activated))
        active = advance_all(self._tracker, [activated])
        extracted = yield from extract_slots(active, context)
        if self._validator not in context.user_actions:
            return extracted
        filled = advance_all(active, extracted)
        candidates = tuple(
            SlotSet(name=slot, value=filled.slots[slot])
            for slot in self._form.required_slots
            if filled.slots.get(slot) is not None
        )
        context = context.after((*context.draft, *extracted))
        validated = yield from self._ask_validator(filled, context, candidates)
        judged = {event.name for event in validated if isinstance(event, SlotSet)}
        rest = [e for e in extracted if not (isinstance(e, SlotSet) and e.name in judged)]
        return [*validated, *rest]

    def validate(self) -> Script[list[Event]]:
        """Check the slots that the message filled.

        Raises:
            ActionRejected: a slot was requested, and nothing was extracted or validated.
        """
        state = self._tracker.state
        interrupted = state.loop is not None and state.loop.is_interrupted
        needed = state.active_loop is None or (
            state.latest_action == ACTION_LISTEN and not interrupted
        )
        if not needed:
            return (yield from self._ask_validator(self._tracker, self._context, ()))
        requested = self._requested()
        candidates = self._candidates(requested)
        validated = yield from self._ask_validator(self._tracker, self._context, candidates)
        answered = any(
            isinstance(event, SlotSet) and event.name != REQUESTED_SLOT for event in validated
        )
        if requested and not candidates and not answered and not _rejected_by_hand(validated):
            raise ActionRejected(
                self._form.name, f"the message does not fill the requested slot '{requested}'"
            )
        return validated

    def request_next_slot(self, so_far: list[Event]) -> Script[list[Event]]:
        """Ask for the next slot that is missing; with none left, say that the form is done."""
        if is_done(so_far):
            return [SlotSet(name=REQUESTED_SLOT, value=None)]
        draft = self._draft(tuple(so_far))
        view = advance_all(self._tracker, draft)
        chosen = [e for e in so_far if isinstance(e, SlotSet) and e.name == REQUESTED_SLOT]
        slot: Json = chosen[0].value if chosen else None
        events: list[Event] = []
        if not slot:
            slot = self._first_missing(view)
            events.append(SlotSet(name=REQUESTED_SLOT, value=slot))
        if not slot:
            return [SlotSet(name=REQUESTED_SLOT, value=None)]
        question = self._question(str(slot))
        if question is not None:
            context = self._context.after((*self._context.draft, *draft))
            events += yield from self._run_action(question, view, context)
        return events

    def _ask_validator(
        self, tracker: Tracker, context: RunContext, candidates: tuple[SlotSet, ...]
    ) -> Script[list[Event]]:
        if self._validator not in context.user_actions:
            return []
        draft = self._draft(candidates)
        return (
            yield from call_custom(
                self._validator,
                advance_all(tracker, draft),
                context,
                draft=draft,
                only_after_restart=True,
            )
        )

    def _draft(self, events: tuple[Event, ...]) -> tuple[Event, ...]:
        """Mark where new events begin: the requested slot, then the form's own execution."""
        return (
            SlotSet(name=REQUESTED_SLOT, value=self._requested()),
            ActionExecuted(name=self._form.name),
            *events,
        )

    def _requested(self) -> str | None:
        if self._tracker.state.active_loop != self._form.name:
            return None
        value = self._tracker.slots.get(REQUESTED_SLOT)
        return value if isinstance(value, str) else None

    def _candidates(self, requested: str | None) -> tuple[SlotSet, ...]:
        """Return what the message filled: the newest value of each required slot."""
        wanted = {*self._form.required_slots, requested}
        found: dict[str, SlotSet] = {}
        for node in self._tracker.applied.nodes():
            event = node.event
            if isinstance(event, UserUttered):
                break
            if isinstance(event, SlotSet) and event.name in wanted:
                found.setdefault(event.name, SlotSet(name=event.name, value=event.value))
        return tuple(reversed(found.values()))

    def _first_missing(self, view: Tracker) -> str | None:
        for slot in self._form.required_slots:
            if view.slots.get(slot) is None:
                return slot
        return None

    def _question(self, slot: str) -> str | None:
        form = self._form.name
        for name in (
            f"action_ask_{form}_{slot}",
            f"utter_ask_{form}_{slot}",
            f"action_ask_{slot}",
            f"utter_ask_{slot}",
        ):
            if name in self._context.action_set:
                return name
        return None
