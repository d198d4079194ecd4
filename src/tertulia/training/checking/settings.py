"""What the configuration says, and how much each problem of it matters here.

Source: spec evaluation.md section 3, policies.md section 8.
"""

from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.problem import Problem, Severity
from tertulia.core.domain.model import Generation
from tertulia.nlu.config import todays_name
from tertulia.policies.registry import PolicyChoice
from tertulia.training.project import ProjectData


def numbered(*numbers: int) -> frozenset[str]:
    """Return codes that belong to other modules and are only looked for here."""
    return frozenset(f"T{number}" for number in numbers)


MISSING: Final = numbered(503, 520)
"""A component whose package or model is not on the machine that checks the project."""

WITHOUT_EFFECT: Final = numbered(106, 164)
"""Parameters that change nothing, whether they are there or not."""

UNSET_VARIABLE: Final = numbered(116)
"""A variable of the environment without a value."""

_LEGACY_HISTORY: Final = 5
"""How far policies of 0.x look back when their settings do not say."""


def check_config(data: ProjectData, diagnostics: Diagnostics) -> None:
    """Note a configuration without language or name."""
    if data.generation is Generation.LEGACY or data.config.place is None:
        return
    if not data.config.states_language:
        diagnostics.warning(
            "T367",
            f"the configuration names no language; '{data.config.language}' is used",
            hint=f"Add 'language: {data.config.language}'.",
            at=data.config.place,
        )
    if data.config.assistant_id is None:
        diagnostics.warning(
            "T368",
            f"the configuration gives the bot no name; '{data.assistant_id}' is used on events",
            hint="Add 'assistant_id: ...', a name that no other bot of yours has.",
            at=data.config.place,
        )


def component_names(data: ProjectData, pipeline: Sequence[Any]) -> frozenset[str]:
    """Return the names of all components that the configuration lists, usable here or not."""
    names = {str(component.name) for component in pipeline}
    node = data.config.pipeline
    for entry in node.elements() if node is not None else ():
        written = (entry.get("name") or entry).value
        if isinstance(written, str):
            names.add(todays_name(written))
    return frozenset(names)


def longest_history(policies: Sequence[PolicyChoice], generation: Generation) -> int | None:
    """Return how many states back the policies look that learn stories; None for all."""
    histories: list[int] = []
    for choice in policies:
        settings: dict[str, Any] = msgspec.structs.asdict(choice.config)
        history = settings.get("max_history", 0)
        if history is msgspec.UNSET:
            history = _LEGACY_HISTORY if generation is Generation.LEGACY else None
        if history is None:
            return None
        histories.append(cast(int, history))
    return max(histories, default=0) or None


def wanted_names(policies: Sequence[PolicyChoice]) -> tuple[set[str], set[str]]:
    """Return the intents and the actions that settings of policies name."""
    intents: set[str] = set()
    actions: set[str] = set()
    for choice in policies:
        settings: dict[str, Any] = msgspec.structs.asdict(choice.config)
        for key, value in settings.items():
            if key.endswith("intent_name"):
                intents.add(str(value))
            elif key.endswith("action_name"):
                actions.add(str(value))
    return intents, actions


def softened(problem: Problem) -> Problem:
    """Return what does not make the project wrong as less than training does.

    A missing package is of this machine, not of the project; parameters without effect may stay.
    """
    if problem.code in MISSING:
        message = f"{problem.message}; training would stop here"
        return replace(problem, severity=Severity.WARNING, message=message)
    if problem.code in WITHOUT_EFFECT:
        return replace(problem, severity=Severity.HINT)
    return problem


def of_server(problem: Problem) -> Problem:
    """Return a problem of endpoints.yml as a warning: it stops the server, not training.

    A variable of the environment may well be set where the server runs.
    """
    is_set_there = problem.code in UNSET_VARIABLE
    return replace(problem, severity=Severity.HINT if is_set_there else Severity.WARNING)
