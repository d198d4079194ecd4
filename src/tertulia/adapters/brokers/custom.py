"""A broker of the project's own: of our protocol, or with the interface of the originals.

Rule: the operator names the class. Whatever its code raises is one error with its cause, and its
plain functions run in a thread of their own.

Source: spec endpoints.md section 7 (dotted path).
"""

import asyncio
import inspect
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from types import SimpleNamespace
from typing import Any

import msgspec

from tertulia.base.errors import BadComponent, BrokerUnavailable
from tertulia.core.brokers import EventBroker, Message
from tertulia.schema.brokers import CustomBroker

_decode = msgspec.json.Decoder(dict[str, Any]).decode
_OWN = ("type", "store_type", "name", "legacy_format", "url")


async def open_custom(kind: type[Any], config: CustomBroker) -> EventBroker:
    """Return a broker of this class.

    A class with `from_endpoint_config` is made by it, any other with the section's keys.

    Raises:
        BadComponent: it has no `publish`.
        BrokerUnavailable: it could not be made.
    """
    border = _Border(config.path)
    make = getattr(kind, "from_endpoint_config", None)
    settings = {name: value for name, value in config.settings.items() if name not in _OWN}
    if make is not None:
        made: Any = await border.call(make, _endpoint(config, settings))
    else:
        url = {"url": config.settings["url"]} if "url" in config.settings else {}
        made = await border.call(kind, **url, **settings)
    if isinstance(made, EventBroker):
        border.close()
        return made
    if not callable(getattr(made, "publish", None)):
        border.close()
        raise BadComponent(
            f"the event broker '{config.path}' has no method publish",
            hint="See docs/howto/brokers.md, a broker of your own.",
        )
    return OriginalBroker(made, border, config.path)


def _endpoint(config: CustomBroker, settings: dict[str, Any]) -> SimpleNamespace:
    """Return what `from_endpoint_config` is handed: the fields of an `EndpointConfig`."""
    kind = config.settings.get("store_type") or config.settings.get("type")
    return SimpleNamespace(
        url=config.settings.get("url"), type=kind, store_type=kind, kwargs=settings, **settings
    )


class OriginalBroker:
    """An object with `publish(event)`, which takes one event as a dictionary."""

    def __init__(self, inner: Any, border: "_Border", path: str) -> None:
        self._inner = inner
        self._border = border
        self._path = path

    async def publish(self, messages: Sequence[Message]) -> None:
        """Hand over one event after the other. Delivered is what it took without raising."""
        for message in messages:
            await self._border.call(self._inner.publish, _decode(message.body))

    async def check(self) -> str:
        """Ask `is_ready`, if there is such a method."""
        is_ready = getattr(self._inner, "is_ready", None)
        if is_ready is not None and not await self._border.call(is_ready):
            raise BrokerUnavailable(f"the event broker '{self._path}' says that it is not ready")
        return f"{self._path} was made"

    async def close(self) -> None:
        """Close it, if it can be closed."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            await self._border.call(close)
        self._border.close()


class _Border:
    """Calls functions and coroutine functions alike; plain ones one at a time, in one thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="custom broker")

    async def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        call = asyncio.ensure_future(self._call(partial(function, *arguments, **named)))
        # Waited for, not caught: any failure of foreign code is told in one way.
        await asyncio.wait({call})
        error = call.exception()
        if error is None:
            return call.result()
        name = getattr(function, "__name__", "it")
        raise BrokerUnavailable(
            f"the event broker '{self._path}' failed in {name}: {type(error).__name__}: {error}",
            hint="Correct its code; the log has the traceback.",
        ) from error

    def close(self) -> None:
        self._thread.shutdown(wait=False)

    async def _call(self, function: partial[Any]) -> Any:
        if inspect.iscoroutinefunction(function.func):
            return await function()
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, function)
        return await answer if inspect.isawaitable(answer) else answer
