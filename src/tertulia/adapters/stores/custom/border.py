"""The border to a store's own code, which may block, wait, or fail in any way."""

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from tertulia.core import stored


class Border:
    """Calls functions and coroutine functions alike; plain ones one at a time, in one thread.

    name: of the class, for messages.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="custom store")

    async def call(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Return what the function returns, awaited where that is possible.

        Raises:
            StoreUnavailable: it raised (T646).
        """
        call = asyncio.ensure_future(self._call(partial(function, *arguments, **named)))
        # Waited for, not caught: any failure of foreign code is told in one way.
        await asyncio.wait({call})
        error = call.exception()
        if error is None:
            return call.result()
        name = getattr(function, "__name__", "it")
        raise stored.refusal(
            "T646",
            f"the tracker store '{self._name}' failed in {name}: {type(error).__name__}: {error}",
            hint="Correct its code; the log has the traceback.",
            retry=True,
        ) from error

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False)

    async def _call(self, function: Callable[[], Any]) -> Any:
        inner = getattr(function, "func", function)
        if inspect.iscoroutinefunction(inner):
            return await function()
        answer = await asyncio.get_running_loop().run_in_executor(self._thread, function)
        return await answer if inspect.isawaitable(answer) else answer
