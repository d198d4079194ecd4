"""All actions of a bot's package by name, of either kind: Tertulia's own and the SDK's."""

import inspect
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import msgspec

from tertulia.actions import Action, Context, FormValidation, FunctionAction
from tertulia.adapters.in_process import sdk
from tertulia.adapters.in_process.package import SDK, import_package
from tertulia.adapters.in_process.place import is_part, place_of_class, place_of_function
from tertulia.base.errors import BadComponent, ComponentError
from tertulia.base.source import SourceSpan

Json = Any
Run = Callable[[bytes], Awaitable[Mapping[str, Json]]]
"""Runs one action. Takes and returns what the wire would carry: spec sdk.md sections 1 and 2."""

_CHECKED = ("validate_", "extract_")


class ActionBook(msgspec.Struct, frozen=True):
    """A loaded package. runs: by the action's name."""

    package: str
    runs: Mapping[str, Run]


class _Entry(msgspec.Struct, frozen=True):
    name: str
    run: Run
    at: SourceSpan | None


def load_actions(package: str, folder: Path) -> ActionBook:
    """Return the actions of a package or module of the project in `folder`.

    Raises:
        ComponentError: it cannot be imported, has no actions, or two of one name.
    """
    modules = import_package(package, folder)
    entries: dict[str, _Entry] = {}
    for entry in _entries(modules, package):
        other = entries.setdefault(entry.name, entry)
        if other is not entry:
            raise ComponentError(
                f"two actions have the name '{entry.name}': at {other.at} and at {entry.at}",
                hint="Give one of them another name.",
                at=entry.at,
                code="T509",
            )
    if not entries:
        raise ComponentError(
            f"the package '{package}' has no actions",
            hint="Write a subclass of tertulia.actions.Action with a name and a `run`.",
            code="T510",
        )
    runs = {name: entry.run for name, entry in entries.items()}
    return ActionBook(package, MappingProxyType(runs))


def _entries(modules: list[ModuleType], package: str) -> Iterator[_Entry]:
    for action in _own_actions(modules):
        at = _place(action)
        if not isinstance(getattr(action, "name", None), str) or not action.name:
            raise _bad(f"the action {type(action).__name__} has no name", at)
        _check_async(action, at)
        yield _Entry(action.name, _running(action), at)
    if SDK in sys.modules:
        for name, run, owner in sdk.find(package):
            yield _Entry(name, run, place_of_class(owner))


def _own_actions(modules: list[ModuleType]) -> Iterator[Action]:
    """Yield an object per action, each once, in the order they are written."""
    seen: set[object] = set()
    for module in modules:
        for value in list(vars(module).values()):
            found = value if isinstance(value, Action) else _own_class(value)
            if found is None or found in seen:
                continue
            seen.add(found)
            yield found if isinstance(found, Action) else _make(found)


def _own_class(value: object) -> type[Action] | None:
    if not (isinstance(value, type) and issubclass(value, Action)):
        return None
    return None if is_part(value.__module__, "tertulia") or _is_basis(value) else value


def _is_basis(kind: type[Action]) -> bool:
    """Tell whether a class is only what other actions are derived from."""
    is_unfinished = inspect.isabstract(kind) or not hasattr(kind, "name")
    return is_unfinished and bool(kind.__subclasses__())


def _make(kind: type[Action]) -> Action:
    if inspect.isabstract(kind):
        raise _bad(f"the action {kind.__name__} has no `run`", place_of_class(kind))
    try:
        return kind()
    except TypeError as error:
        raise _bad(
            f"the action {kind.__name__} cannot be made without arguments", place_of_class(kind)
        ) from error


def _check_async(action: Action, at: SourceSpan | None) -> None:
    names = ["run"]
    if isinstance(action, FormValidation):
        names += [name for name in dir(action) if name.startswith(_CHECKED)] + ["required_slots"]
    for name in names:
        if not inspect.iscoroutinefunction(getattr(action, name)):
            raise _bad(f"`{name}` of {type(action).__name__} is not `async def`", at)


def _bad(message: str, at: SourceSpan | None) -> BadComponent:
    return BadComponent(
        message,
        hint="An action is a class with `name` and `async def run(self, ctx)`; see the guide to "
        "custom actions.",
        at=at,
        code="T511",
    )


def _place(action: Action) -> SourceSpan | None:
    if isinstance(action, FunctionAction):
        return place_of_function(action.function)
    return place_of_class(type(action))


class _Request(msgspec.Struct):
    """What the actions need of a request. domain: decoded when it is asked for."""

    tracker: dict[str, Json]
    domain: msgspec.Raw = msgspec.Raw(b"{}")


def _running(action: Action) -> Run:
    async def run(content: bytes) -> Mapping[str, Json]:
        request = msgspec.json.decode(content, type=_Request)
        ctx = Context(
            action.name,
            request.tracker,
            domain=lambda: msgspec.json.decode(request.domain) or {},
        )
        returned: object = await action.run(ctx)
        if returned is not None:
            raise TypeError(
                "run() returned something; what an action does is said with ctx.set_slot(), "
                "ctx.say() and so on"
            )
        return {"events": ctx.emitted, "responses": ctx.responses}

    return run
