"""What becomes of connections that a server of NATS refuses."""

import asyncio
import json

import pytest

from tertulia.adapters.brokers.nats import NatsEventBroker
from tertulia.base.errors import BrokerUnavailable
from tertulia.schema.brokers import NatsBroker
from tertulia.testing.event_broker import told

_INFO = {"server_id": "x", "version": "2.10.0", "max_payload": 1000, "auth_required": True}


async def test_what_was_refused_is_closed_also_where_the_server_leaves_it_open() -> None:
    ended = asyncio.Event()

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"INFO " + json.dumps(_INFO).encode() + b"\r\n")
        await reader.readuntil(b"PING\r\n")
        writer.write(b"-ERR 'Authorization Violation'\r\n")
        await reader.read()
        ended.set()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        config = NatsBroker(url=f"nats://127.0.0.1:{port}", subject="x", stream="x", timeout=5.0)
        with pytest.raises(BrokerUnavailable, match="Authorization Violation"):
            await NatsEventBroker(config).publish(told("a", 1, 1))
        await asyncio.wait_for(ended.wait(), 5)


async def test_addresses_that_do_not_go_together_are_refused_with_the_reason() -> None:
    config = NatsBroker(
        url=["nats://127.0.0.1:1", "ws://127.0.0.1:2"], subject="x", stream="x", timeout=5.0
    )
    with pytest.raises(BrokerUnavailable, match="mixing"):
        await NatsEventBroker(config).publish(told("a", 1, 1))
