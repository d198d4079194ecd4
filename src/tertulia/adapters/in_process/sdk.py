"""Actions written for rasa-sdk, run by its own executor in this process.

rasa-sdk is used when the bot's package imported it, and never otherwise. Its blocking methods run
in threads of their own.

Source: spec sdk.md sections 1 to 4.
"""

import contextvars
import functools
import importlib
import inspect
import threading
from asyncio import wrap_future
from collections.abc import Awaitable, Callable, Iterator, Mapping
from concurrent.futures import Future
from typing import Any

import msgspec

from tertulia.adapters.in_process.place import is_part
from tertulia.base.errors import ActionRejected

Json = Any
_Run = Callable[[bytes], Awaitable[Mapping[str, Json]]]

_FRAMEWORKS = ("rasa_sdk", "rasa_core_sdk", "rasa", "rasa_core", "tertulia")


def find(package: str) -> Iterator[tuple[str, _Run, type]]:
    """Yield name, way to run and class of every action of the SDK that is imported.

    package: an action of a project's other packages counts too, as in the SDK.
    """
    executor: Any = importlib.import_module("rasa_sdk.executor").ActionExecutor()
    rejection: type[Exception] = importlib.import_module(
        "rasa_sdk.interfaces"
    ).ActionExecutionRejection
    for kind in _concrete(importlib.import_module("rasa_sdk").Action):
        known = dict(executor.actions)
        executor.register_action(kind)
        for name, run in list(executor.actions.items()):
            if known.get(name) != run:
                executor.actions[name] = _unblocked(run)
                yield name, _through(executor, name, rejection), kind


def _concrete(kind: type) -> Iterator[type]:
    """Yield the finished classes below a class, each once, as the SDK chooses them."""
    seen: set[type] = set()
    waiting = [kind]
    while waiting:
        waiting = [each for parent in waiting for each in parent.__subclasses__()]
        for each in waiting:
            is_framework = any(is_part(each.__module__, name) for name in _FRAMEWORKS)
            if each not in seen and not is_framework and not inspect.isabstract(each):
                yield each
            seen.add(each)


def _through(executor: Any, name: str, rejection: type[Exception]) -> _Run:
    async def run(content: bytes) -> Mapping[str, Json]:
        call: dict[str, Json] = {**msgspec.json.decode(content), "next_action": name}
        call["domain"] = call.get("domain") or {}
        try:
            result: Any = await executor.run(call)
        except rejection as error:
            raise ActionRejected(name, str(error)) from error
        if isinstance(result, Mapping):
            return {"events": result["events"], "responses": result["responses"]}
        return {"events": result.events, "responses": result.responses}

    return run


def _unblocked(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function itself when it can wait, else one that runs it in a thread."""
    if inspect.iscoroutinefunction(function):
        return function

    @functools.wraps(function)
    async def in_thread(*given: Any) -> Any:
        result = await wrap_future(_started(functools.partial(function, *given)))
        return await result if inspect.isawaitable(result) else result

    return in_thread


def _started(work: Callable[[], Any]) -> "Future[Any]":
    """Run work in a thread that does not keep the program from ending."""
    future: Future[Any] = Future()
    context = contextvars.copy_context()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(context.run(work))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - code of the bot's author
            future.set_exception(error)

    threading.Thread(target=run, name="action", daemon=True).start()
    return future
