"""Actions as classes and as functions."""

from typing import Any, cast

import pytest

from tertulia.actions import Action, Context, action


async def test_a_function_becomes_an_action_of_the_given_name() -> None:
    @action("action_greet")
    async def greet(ctx: Context) -> None:
        await ctx.say_text(f"hello {ctx.conversation_id}")

    ctx = Context(greet.name, {"sender_id": "you"})
    await greet.run(ctx)
    assert greet.name == "action_greet"
    assert ctx.responses[0]["text"] == "hello you"


def test_a_function_that_cannot_wait_is_refused() -> None:
    def blocking(ctx: Context) -> None: ...

    with pytest.raises(TypeError, match="'action_slow' must be an `async def`"):
        action("action_slow")(cast(Any, blocking))


def test_an_action_without_run_cannot_be_made() -> None:
    class Empty(Action):
        name = "action_empty"

    with pytest.raises(TypeError):
        cast(Any, Empty)()
