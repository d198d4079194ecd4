"""From an action's name to what it does.

Source: spec domain.md section 8 (resolution), sdk.md sections 2 and 3.
"""

from tertulia.base.errors import ActionServerError, ResponseServerError, UnknownAction, nearest
from tertulia.core.actions import defaults, forms, retrieval, two_stage
from tertulia.core.actions.context import RunContext
from tertulia.core.actions.custom import call_custom
from tertulia.core.actions.say import say_response
from tertulia.core.asks import Remark, Script
from tertulia.core.domain.actions import SYNONYMS
from tertulia.core.domain.model import Generation
from tertulia.core.events import BotUttered, Event
from tertulia.core.tracker import Tracker

__all__ = ["RunContext", "run_action"]


def run_action(name: str, tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    """Run an action and return its events, `bot` events where it spoke.

    An action that fails counts as run without events; the failure is remarked.

    Raises:
        ActionRejected: the action refuses; another prediction is wanted.
        UnknownAction: the bot has no such action.
    """
    try:
        return (yield from _dispatch(name, tracker, context))
    except (ActionServerError, ResponseServerError) as error:
        yield Remark(code=error.code, text=f"the action '{name}' failed: {error.message}")
        return []


def _dispatch(name: str, tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    if context.is_built_in(name):
        return (yield from _built_in(name, tracker, context))
    if context.generation is Generation.MODERN:
        if name in context.retrieval_actions:
            return (yield from retrieval.select(name, tracker, context))
        if name in context.domain.e2e_actions:
            return [BotUttered(text=name, data={})]
    form = context.domain.forms.get(name)
    if form is not None and not form.is_remote and name not in context.user_actions:
        return (yield from forms.run_form(name, tracker, context, run_action))
    if name not in context.action_set:
        raise UnknownAction(
            f"'{name}' is not a registered action",
            hint=nearest(name, sorted(context.action_set))
            or "List it under `actions` of the domain and train again.",
        )
    if name.startswith("utter_"):
        return (yield from say_response(name, tracker, context))
    return (yield from call_custom(name, tracker, context))


def _built_in(name: str, tracker: Tracker, context: RunContext) -> Script[list[Event]]:
    if name == "action_two_stage_fallback":
        return (yield from two_stage.run(tracker, context, run_action))
    if name == "action_extract_slots":
        return []
    behaviour = defaults.BEHAVIOURS.get(name) or defaults.BEHAVIOURS[SYNONYMS[name]]
    return (yield from behaviour(tracker, context))
