"""DynamoDB: two tables side by side, that of the originals and one of ours.

Source: spec endpoints.md section 6 (dynamo: the table of the originals).
"""

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import Any

from aiobotocore.config import AioConfig  # pyright: ignore[reportMissingTypeStubs]

from tertulia.adapters.stores.documents.dynamo_old import make_client, moved_of, newest_of
from tertulia.adapters.stores.documents.dynamo_table import Table, item_of, key_of
from tertulia.adapters.stores.documents.service import Change, Entry
from tertulia.adapters.stores.documents.store import DocumentStore
from tertulia.adapters.stores.documents.writer import ready
from tertulia.core import stored
from tertulia.core.events import Event
from tertulia.schema.stores import DynamoStore

OURS = "-tertulia"
"""Ends the name of our table, which begins as that of the originals."""

_HEAD = "head"


class DynamoService:
    """Items of our table, and beside it that of the originals, where it is."""

    def __init__(self, client: Any, config: DynamoStore, stack: AsyncExitStack) -> None:
        self._client = client
        self._stack = stack
        self._old = config.tablename or config.table_name
        self._ours = Table(client, self._old + OURS)
        self._has_old = False
        self.where = self._ours.where

    async def are_there(self) -> tuple[bool, bool]:
        """Tell whether our table is there, and whether that of the originals is."""
        return await self._ours.is_there(self._ours.name), await self._ours.is_there(self._old)

    async def prepare(self) -> None:
        """Make our table when it is not there, and look for that of the originals."""
        await self._ours.make()
        self._has_old = await self._ours.is_there(self._old)

    async def head(self, part: str) -> tuple[str, bytes] | None:
        """Return the revision and the value of a head."""
        item = await self._ours.item(part, _HEAD)
        return None if item is None else (item["rev"]["S"], item["body"]["B"])

    async def get(self, part: str, name: str) -> bytes | None:
        """Return a value."""
        item = await self._ours.item(part, name)
        return None if item is None else item["body"]["B"]

    async def scan(
        self, part: str, *, after: str, last: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """Return up to `limit` items in order."""
        return await self._ours.scan(part, after=after, last=last, limit=limit)

    async def commit(self, change: Change) -> bool:
        """Make a change in one transaction."""
        key = key_of(change.part, _HEAD)
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(part)"}
        if change.seen is not None:
            condition = {
                "ConditionExpression": "rev = :seen",
                "ExpressionAttributeValues": {":seen": {"S": change.seen}},
            }
        head: dict[str, Any] = {"Delete": {"TableName": self._ours.name, "Key": key, **condition}}
        if change.head is not None:
            item = {**key, "rev": {"S": change.rev}, "body": {"B": change.head}}
            head = {"Put": {"TableName": self._ours.name, "Item": item, **condition}}
        table = self._ours.name
        items = [
            head,
            *({"Put": {"TableName": table, "Item": item_of(*each)}} for each in change.puts),
            *({"Delete": {"TableName": table, "Key": key_of(*each)}} for each in change.drops),
        ]
        return await self._ours.transact(items)

    async def put(self, entries: Sequence[Entry]) -> None:
        """Write items, some at a time."""
        await self._ours.batches([{"PutRequest": {"Item": item_of(*each)}} for each in entries])

    async def remove(self, part: str, names: Sequence[str]) -> None:
        """Remove items, some at a time."""
        await self._ours.batches([{"DeleteRequest": {"Key": key_of(part, name)}} for name in names])

    async def find_old(self, sender_id: str) -> list[Event] | None:
        """Return the events of a conversation in the table of the originals."""
        if not self._has_old or not sender_id:
            return None
        item = await self._ours.guarded(newest_of(self._client, self._old, sender_id))
        if item is None:
            return None
        moved = moved_of(item)
        if moved.problem:
            raise stored.damaged(f"{sender_id[:80]!r} in the originals' table: {moved.problem}")
        return list(moved.events)

    async def drop_old(self, sender_id: str) -> None:
        """Remove every item of a conversation from the table of the originals."""
        while self._has_old and sender_id:
            item = await self._ours.guarded(newest_of(self._client, self._old, sender_id))
            if item is None:
                return
            key = {name: item[name] for name in ("sender_id", "session_date") if name in item}
            await self._ours.ask("delete_item", TableName=self._old, Key=await self._old_key(key))

    async def close(self) -> None:
        """Let go of connections."""
        await self._stack.aclose()

    async def _old_key(self, key: dict[str, Any]) -> dict[str, Any]:
        table = await self._ours.ask("describe_table", TableName=self._old)
        return {k["AttributeName"]: key[k["AttributeName"]] for k in table["Table"]["KeySchema"]}


class DynamoTrackerStore(DocumentStore):
    """Keeps conversations in DynamoDB. Credentials are found as every AWS client finds them."""

    @classmethod
    async def open(
        cls,
        config: DynamoStore,
        *,
        env: Mapping[str, str] = os.environ,
        patience: float = 60.0,
        now: Callable[[], float] = time.time,
    ) -> "DynamoTrackerStore":
        """Return the store; its table is made when it is missing.

        patience: seconds to wait for a service that does not answer yet. env, now: as every
        store's; this one needs neither.

        Raises:
            StoreUnavailable: the service does not answer, or refuses.
        """
        return cls(await ready(await connect(config), patience))


async def connect(config: DynamoStore) -> DynamoService:
    """Return the service; nothing is asked of it yet."""
    stack = AsyncExitStack()
    limits = AioConfig(
        connect_timeout=config.timeout,
        read_timeout=config.timeout,
        retries={"total_max_attempts": 3, "mode": "standard"},
    )
    client = await stack.enter_async_context(make_client(config, limits))
    return DynamoService(client, config, stack)


async def tables_there(config: DynamoStore) -> tuple[bool, bool]:
    """Tell whether our table is there, and whether that of the originals is.

    Raises:
        StoreUnavailable: the service does not answer, or refuses.
    """
    service = await connect(config)
    try:
        return await service.are_there()
    finally:
        await service.close()
