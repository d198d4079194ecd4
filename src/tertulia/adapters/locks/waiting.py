"""How one waits for a conversation that another process holds: by asking again.

Nobody waits in a thread or on a connection, and who gives up leaves nothing behind.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable

_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.1


async def wait_for(ask: Callable[[], Awaitable[bool]], patience: float) -> bool:
    """Ask until the answer is yes, for `patience` seconds at the most; return the last answer."""
    deadline = time.monotonic() + patience
    pause = _FIRST_PAUSE
    while not await ask():
        if time.monotonic() >= deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return True
