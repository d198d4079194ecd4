"""Names in stories against the domain: every one that it does not have is reported at its place.

Source: spec stories.md sections 1.3, 1.4 and 2; evaluation.md section 3.
"""

from collections.abc import Iterable, Sequence

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION, SYNONYMS, action_names
from tertulia.core.domain.model import Domain
from tertulia.core.events import (
    ActionExecuted,
    ActiveLoop,
    FollowupAction,
    SlotSet,
    UserUttered,
)
from tertulia.data.stories.model import (
    SHOULD_NOT_BE_SET,
    Checkpoint,
    StepEvent,
    Story,
)

_BUILT_IN_LOOPS = ("action_two_stage_fallback",)


class KnownNames:
    """What a domain declares, looked up once for all stories."""

    def __init__(self, domain: Domain) -> None:
        self.intents = frozenset(domain.intents)
        self.entities = frozenset(domain.entities)
        self.slots = frozenset(domain.slots)
        self.forms = frozenset({*domain.forms, *_BUILT_IN_LOOPS})
        retrieval = {
            f"utter_{intent.name}" for intent in domain.intents.values() if intent.is_retrieval
        }
        named = {*action_names(domain), *domain.responses, *retrieval, RULE_SNIPPET_ACTION}
        self.actions = frozenset(named | {SYNONYMS[name] for name in named if name in SYNONYMS})


def check_stories(
    stories: Iterable[Story], known: KnownNames | None, *, diagnostics: Diagnostics
) -> None:
    """Note every name that is unknown, and conditions at checkpoints that ignore them.

    known: None when there is no domain; names are not checked then.
    """
    checker = None if known is None else _Checker(known, diagnostics)
    for story in stories:
        _check_conditions(story, diagnostics)
        if checker is None:
            continue
        for item in story.items:
            if isinstance(item, Checkpoint):
                checker.slots(item.conditions, item.at)
        for placed in story.events():
            checker.event(placed)


def _check_conditions(story: Story, diagnostics: Diagnostics) -> None:
    has_content = False
    for item in story.items:
        if not isinstance(item, Checkpoint):
            has_content = True
        elif has_content and item.conditions:
            diagnostics.warning(
                "T315",
                f"the conditions of the checkpoint '{item.name}' are ignored here",
                hint="Only a checkpoint at the start of a story has conditions; start a new "
                "story with it.",
                at=item.at,
            )


class _Checker:
    def __init__(self, known: KnownNames, diagnostics: Diagnostics) -> None:
        self._known = known
        self._diagnostics = diagnostics

    def event(self, placed: StepEvent) -> None:
        """Note the unknown names of one event."""
        event, at = placed.event, placed.at
        if isinstance(event, UserUttered):
            self._user(event, at)
        elif isinstance(event, (ActionExecuted, FollowupAction)):
            self._action(event.name, at)
        elif isinstance(event, SlotSet):
            self.slots([event.name], at)
        elif isinstance(event, ActiveLoop):
            self._loop(event.name, at)

    def slots(self, names: Iterable[str], at: SourceSpan | None) -> None:
        """Note the slots that are unknown."""
        for name in names:
            if name not in self._known.slots:
                self._diagnostics.warning(
                    "T312",
                    f"the domain has no slot '{name}'; setting it has no effect",
                    hint=_remedy(name, self._known.slots, "slots"),
                    at=at,
                )

    def _user(self, event: UserUttered, at: SourceSpan | None) -> None:
        intent = event.intent_name
        if intent is not None and intent not in self._known.intents:
            self._diagnostics.warning(
                "T310",
                f"the domain has no intent '{intent}'",
                hint=_remedy(intent, self._known.intents, "intents"),
                at=at,
            )
        for entity in event.entities:
            name = str(entity.get("entity"))
            if name not in self._known.entities:
                self._diagnostics.warning(
                    "T313",
                    f"the domain has no entity '{name}'",
                    hint=_remedy(name, self._known.entities, "entities"),
                    at=at,
                )

    def _action(self, name: str | None, at: SourceSpan | None) -> None:
        if name is not None and name not in self._known.actions:
            self._diagnostics.error(
                "T311",
                f"'{name}' is not a registered action",
                hint=_remedy(name, self._known.actions, "actions, responses or forms"),
                at=at,
            )

    def _loop(self, name: str | None, at: SourceSpan | None) -> None:
        if name not in (None, SHOULD_NOT_BE_SET) and name not in self._known.forms:
            self._diagnostics.warning(
                "T314",
                f"the domain has no form '{name}'",
                hint=_remedy(name, self._known.forms, "forms"),
                at=at,
            )


def _remedy(name: str, known: Iterable[str], section: str) -> str:
    names: Sequence[str] = sorted(known)
    return nearest(name, names) or f"Add it to the domain's {section}."
