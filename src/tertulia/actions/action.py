"""What a custom action is: a class with a name and `run`, or a function with a name."""

import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

from tertulia.actions.context import Context

Function = Callable[[Context], Awaitable[None]]


class Action(ABC):
    """A custom action; a subclass gives `name`, as the domain lists it, and `run`.

    One object serves all conversations, several at a time: what belongs to one conversation is
    kept in slots.
    """

    name: str

    @abstractmethod
    async def run(self, ctx: Context) -> None:
        """Act. Work that waits without `await` goes into `asyncio.to_thread`.

        Raises:
            ActionRejected: by `ctx.reject()`. Any other exception fails the action, and the
                conversation goes on.
        """


class FunctionAction(Action):
    """An action made of a function."""

    def __init__(self, name: str, function: Function) -> None:
        self.name = name
        self.function = function

    async def run(self, ctx: Context) -> None:
        """Call the function."""
        return await self.function(ctx)


def action(name: str) -> Callable[[Function], FunctionAction]:
    """Make an action of the `async def` below. name: as the domain lists it.

    Raises:
        TypeError: the function is not `async def`.
    """

    def decorate(function: Function) -> FunctionAction:
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"the action '{name}' must be an `async def`")
        return FunctionAction(name, function)

    return decorate
