"""The fold as the originals do it: everything anew from the whole log. Slow and plain."""

from collections.abc import Sequence

from msgspec.structs import replace

from tertulia.core import events as ev
from tertulia.core.domain.model import Generation
from tertulia.core.events import Event
from tertulia.core.tracker.apply import apply
from tertulia.core.tracker.state import State, TrackerRules


def applied_events(log: Sequence[Event], generation: Generation) -> list[Event]:
    loops: set[str | None] = set()
    kept: list[Event] = []
    for event in log:
        if isinstance(event, ev.ActiveLoop) and event.name:
            loops.add(event.name)
        if isinstance(event, (ev.Restarted, ev.SessionStarted)):
            kept = []
        elif isinstance(event, ev.ActionReverted):
            _pop_through(kept, ev.ActionExecuted)
        elif isinstance(event, ev.UserUtteranceReverted):
            _pop_through(kept, ev.UserUttered)
            _pop_through(kept, ev.ActionExecuted)
        elif (
            generation is Generation.MODERN
            and isinstance(event, ev.ActionExecuted)
            and event.name in loops
        ):
            _execute_loop(kept, event)
        else:
            kept.append(event)
    return kept


def _pop_through(kept: list[Event], kind: type[Event]) -> None:
    while kept and not isinstance(kept.pop(), kind):
        pass


def _execute_loop(kept: list[Event], execution: ev.ActionExecuted) -> None:
    next_action = None
    for index in range(len(kept) - 1, -1, -1):
        event = kept[index]
        if isinstance(event, ev.ActiveLoop) and event.name is None:
            break
        if isinstance(event, ev.ActionExecutionRejected) and event.name == execution.name:
            break
        if isinstance(event, ev.UserUttered) and next_action not in (None, execution.name):
            break
        if isinstance(event, ev.ActionExecuted) and event.name == execution.name:
            dropped = (ev.ActionExecuted, ev.UserUttered, ev.UserFeaturization)
            kept[index + 1 :] = [e for e in kept[index + 1 :] if not isinstance(e, dropped)]
            return
        if isinstance(event, ev.ActionExecuted):
            next_action = event.name
    kept.append(execution)


def state_after(log: Sequence[Event], rules: TrackerRules) -> State:
    state = rules.initial
    for index, event in enumerate(log):
        if isinstance(event, ev.Restarted):
            state = rules.initial
            if rules.generation is Generation.MODERN:
                state = replace(state, followup=ev.ACTION_SESSION_START)
        elif isinstance(event, ev.SessionStarted):
            state = rules.initial
        elif isinstance(event, (ev.UserUtteranceReverted, ev.ActionReverted)):
            state = rules.initial
            for applied in applied_events(log[: index + 1], rules.generation):
                state = apply(state, applied, rules)
        else:
            state = apply(state, event, rules)
    return state
