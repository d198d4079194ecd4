"""What brokers do alike: order of messages, and what is raised when a broker fails."""

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager

from tertulia.base.border import was_cancelled
from tertulia.base.errors import BrokerUnavailable, MessageRefused
from tertulia.core.brokers import EventBroker, Message

AT_ONCE = 50
"""Conversations whose messages are on their way together."""

ENVIRONMENT = "RASA_ENVIRONMENT"
"""Variable whose value messages carry, as those of the originals do."""

Send = Callable[[Message], Awaitable[None]]


async def send_in_lanes(messages: Sequence[Message], send: Send) -> None:
    """Send messages one after the other within each lane, lanes beside each other.

    A lane ends with its first failure, so that nothing is delivered before what came earlier.
    Raises what `send` raises, once every lane has ended.
    """
    waiting = iter(lanes_of(messages))
    senders = [_send_all(waiting, send) for _ in range(AT_ONCE)]
    results = await asyncio.gather(*senders, return_exceptions=True)
    for error in results:
        if error is not None:
            raise error


async def _send_all(waiting: Iterable[list[Message]], send: Send) -> None:
    for lane in waiting:
        for message in lane:
            await send(message)


def lanes_of(messages: Iterable[Message]) -> list[list[Message]]:
    """Return the messages of each lane, in order."""
    lanes: dict[str, list[Message]] = {}
    for message in messages:
        lanes.setdefault(message.lane, []).append(message)
    return list(lanes.values())


@asynccontextmanager
async def letting_go(
    broker: EventBroker, where: str, errors: tuple[type[Exception], ...]
) -> AsyncGenerator[None]:
    """Close the broker when one of its driver's errors comes; it connects anew the next time.

    Raises:
        BrokerUnavailable: one came, or the driver cancelled what waited for it.
    """
    try:
        yield
    except errors as error:
        await broker.close()
        raise unavailable(where, error) from error
    except asyncio.CancelledError as error:
        if was_cancelled():
            raise
        await broker.close()
        raise unavailable(where, "the connection has ended") from error


def unavailable(where: str, error: BaseException | str) -> BrokerUnavailable:
    """Return what to raise when a broker did not take messages."""
    said = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else error
    return BrokerUnavailable(
        f"{where} does not take messages: {' '.join(said.split())}",
        hint="Check its address in endpoints.yml, and that it runs.",
    )


def refused(where: str, message: Message, why: object) -> MessageRefused:
    """Return what to raise when a broker will never take a message."""
    return MessageRefused(
        f"{where} refuses the message {message.id}: {why}",
        message.id,
        hint="Raise the broker's limit, then send it with `tertulia export`.",
    )


def environment(env: Mapping[str, str] = os.environ) -> str | None:
    """Return the value of RASA_ENVIRONMENT."""
    return env.get(ENVIRONMENT) or None
