"""Reads the table of the originals, and changes nothing.

Source: spec endpoints.md sections 6 (dynamo) and 9.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any, cast

from aiobotocore.session import get_session  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType]

from tertulia.adapters.stores.documents.dynamo_faults import ERRORS, as_refusal
from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored
from tertulia.core.events.codec import decode_stored
from tertulia.core.stored import Moved
from tertulia.schema.stores import DynamoStore

Item = dict[str, dict[str, Any]]
_session: Any = get_session  # pyright: ignore[reportUnknownVariableType]
_NEWEST = "session_date"
"""Range key of tables made by 1.4 to 2.0, which have an item for each time they were saved."""


class DynamoOriginals:
    """Every conversation of a table. Credentials are found as every AWS client finds them."""

    def __init__(self, config: DynamoStore) -> None:
        self._config = config
        self._table = config.tablename or config.table_name
        self._where = f"the DynamoDB table '{self._table}' in {config.region}"

    async def conversations(self) -> AsyncIterator[Moved]:
        """Yield conversations, each once, in no order.

        Raises:
            StoreUnavailable: the service does not answer, or refuses.
        """
        try:
            async with AsyncExitStack() as stack:
                client = await stack.enter_async_context(make_client(self._config))
                async for item in self._items(client):
                    yield moved_of(item)
        except ERRORS as error:
            raise as_refusal(self._where, error) from error

    async def close(self) -> None:
        """Do nothing: each reading closes what it opened."""

    async def _items(self, client: Any) -> AsyncIterator[Item]:
        described = await client.describe_table(TableName=self._table)
        keys = [key["AttributeName"] for key in described["Table"]["KeySchema"]]
        if _NEWEST not in keys:
            async for item in self._scan(client):
                yield item
            return
        seen: set[str] = set()
        async for key in self._scan(client, ProjectionExpression="sender_id"):
            sender_id = key["sender_id"]["S"]
            if sender_id not in seen:
                seen.add(sender_id)
                newest = await newest_of(client, self._table, sender_id)
                if newest is not None:
                    yield newest

    async def _scan(self, client: Any, **more: Any) -> AsyncIterator[Item]:
        pages = client.get_paginator("scan").paginate(
            TableName=self._table, ConsistentRead=True, **more
        )
        async for page in pages:
            for item in page["Items"]:
                yield item


def make_client(config: DynamoStore, limits: Any = None) -> Any:
    """Return a client, to be entered. limits: of the client, its own without."""
    return _session().create_client(
        "dynamodb", region_name=config.region, endpoint_url=config.url, config=limits
    )


async def newest_of(client: Any, table: str, sender_id: str) -> Item | None:
    """Return the newest item of a conversation, in a table with or without a range key."""
    found = await client.query(
        TableName=table,
        KeyConditionExpression="sender_id = :id",
        ExpressionAttributeValues={":id": {"S": sender_id}},
        ScanIndexForward=False,
        ConsistentRead=True,
        Limit=1,
    )
    return found["Items"][0] if found["Items"] else None


def moved_of(item: Item) -> Moved:
    """Return the conversation of an item."""
    sender_id: str = item["sender_id"]["S"]
    events = _plain(item.get("events", {"L": []}))
    try:
        if not isinstance(events, list):
            raise stored.damaged("its `events` are no list")
        decoded = [_event(each) for each in cast(list[Any], events)]
    except StoreUnavailable as error:
        return Moved(sender_id=sender_id, events=(), problem=str(error))
    return Moved(sender_id=sender_id, events=decoded)


def _event(raw: Any) -> Any:
    if not isinstance(raw, dict):
        raise stored.damaged("an event of it is no object")
    return decode_stored(cast(dict[str, Any], raw))


def _plain(attribute: dict[str, Any]) -> Any:
    """Return JSON of a typed attribute. Numbers are whole where they are written so."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value) if value.lstrip("-").isdigit() else float(value)
        case "NULL":
            return None
        case "L":
            return [_plain(each) for each in value]
        case "M":
            return {name: _plain(each) for name, each in value.items()}
        case _:
            return value
