"""The action server that is no server: runs a bot's own actions in this process.

Rule: actions are handed the bytes of the wire and answer such bytes. They share no object with
the engine, and behave as they would in another process.

Source: spec sdk.md sections 1 to 3.
"""

import asyncio
import logging
from typing import Any

import msgspec

from tertulia.adapters.in_process.book import ActionBook, Run
from tertulia.adapters.in_process.place import place_of_fault
from tertulia.adapters.in_process.thread import ActionThread
from tertulia.base.errors import ActionRejected, ActionServerError, nearest
from tertulia.core.actions.answer import read_answer
from tertulia.core.asks import ActionAnswer

Json = Any
_log = logging.getLogger("tertulia.actions")


class InProcessActions:
    """Runs the actions of a book; see the port ActionServer.

    timeout: seconds that an action may take; None waits for ever.
    """

    def __init__(self, book: ActionBook, *, timeout: float | None) -> None:
        self._book = book
        self._timeout = timeout
        self._thread = ActionThread()

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all actions, in the order they were found."""
        return tuple(self._book.runs)

    async def run(self, name: str, body: dict[str, Json]) -> ActionAnswer:
        """Run one action; see the port ActionServer."""
        content = await self.answer(name, msgspec.json.encode(body))
        try:
            found, faults = read_answer(msgspec.json.decode(content))
        except msgspec.ValidationError as error:
            raise ActionServerError(
                f"the action '{name}' returned no lists of events and responses",
                hint="It must return what the guide to custom actions says.",
                code="T622",
            ) from error
        for fault in faults:
            _log.error("T618 the action '%s' returned an event that is left out: %s", name, fault)
        return found

    async def answer(self, name: str, content: bytes) -> bytes:
        """Return the wire's answer to the wire's request, both JSON.

        Raises:
            ActionRejected: the action refuses to run.
            ActionServerError: there is no such action, it failed, or took too long.
        """
        run = self._book.runs.get(name)
        if run is None:
            raise ActionServerError(
                f"the package '{self._book.package}' has no action '{name}'",
                hint=nearest(name, self.names) or f"It has: {', '.join(sorted(self.names))}.",
                code="T619",
            )
        work = self._thread.submit(self._guarded(name, run, content))
        try:
            return await asyncio.wait_for(asyncio.wrap_future(work), self._timeout)
        except TimeoutError as error:
            raise ActionServerError(
                f"the action '{name}' did not end within {self._timeout:g} seconds",
                hint="Raise `timeout` under action_endpoint, or make it quicker; work that waits "
                "without `await` holds up the other actions.",
                code="T621",
            ) from error

    async def close(self) -> None:
        """Let go of the thread that actions run in."""
        await self._thread.close()

    async def _guarded(self, name: str, run: Run, content: bytes) -> bytes:
        try:
            return msgspec.json.encode(await run(content))
        except ActionRejected:
            raise
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._failed(name, error) from error
        except (Exception, SystemExit) as error:
            raise self._failed(name, error) from error

    def _failed(self, name: str, error: BaseException) -> ActionServerError:
        at = place_of_fault(error, self._book.package)
        kind = type(error).__name__
        _log.error("%s: T620 the action '%s' raised %s", at, name, kind, exc_info=error)
        return ActionServerError(
            f"the action '{name}' raised {kind}",
            hint="The log has the way it took.",
            at=at,
            code="T620",
        )
