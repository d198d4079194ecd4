"""One table of DynamoDB, with a part and a name as its key."""

import asyncio
import random
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

from botocore.exceptions import ClientError  # pyright: ignore[reportMissingTypeStubs]

from tertulia.adapters.stores.documents.dynamo_faults import (
    ERRORS,
    as_refusal,
    code_of,
    is_lost_race,
)

Item = dict[str, Any]
_KEYS = (("part", "HASH"), ("name", "RANGE"))
_PAUSE = 1.0
_MAKING = 60
"""Seconds to wait for a table that is being made."""


class Table:
    """Asks the service, and turns what fails into refusals. name: of our table."""

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self.name = name
        self.where = f"the DynamoDB table '{name}'"

    async def make(self) -> None:
        """Make the table when it is not there, and wait until it is ready."""
        if await self.is_there(self.name):
            return
        try:
            await self._client.create_table(**_definition(self.name))
        except ClientError as error:
            if code_of(error) != "ResourceInUseException":
                raise as_refusal(self.where, error) from error
        for _ in range(_MAKING):
            if await self.is_there(self.name):
                return
            await asyncio.sleep(_PAUSE)

    async def is_there(self, name: str) -> bool:
        """Tell whether a table is there and ready."""
        try:
            found = await self._client.describe_table(TableName=name)
        except ClientError as error:
            if code_of(error) == "ResourceNotFoundException":
                return False
            raise as_refusal(self.where, error) from error
        except ERRORS as error:
            raise as_refusal(self.where, error) from error
        return found["Table"]["TableStatus"] in ("ACTIVE", "UPDATING")

    async def item(self, part: str, name: str) -> Item | None:
        """Return an item as it was last committed."""
        answer = await self.ask(
            "get_item", TableName=self.name, Key=key_of(part, name), ConsistentRead=True
        )
        return answer.get("Item")

    async def scan(
        self, part: str, *, after: str, last: str, limit: int
    ) -> list[tuple[str, bytes]]:
        """Return up to `limit` items in order; as many questions as DynamoDB's pages need."""
        found: list[tuple[str, bytes]] = []
        query: dict[str, Any] = {
            "TableName": self.name,
            "ConsistentRead": True,
            # BETWEEN includes both ends: one more is asked for, `after` itself.
            "KeyConditionExpression": "part = :part AND #name BETWEEN :after AND :last",
            "ExpressionAttributeNames": {"#name": "name"},
            "ExpressionAttributeValues": {
                ":part": {"S": part},
                ":after": {"S": after or " "},
                ":last": {"S": last},
            },
        }
        while len(found) < limit:
            answer = await self.ask("query", **query, Limit=min(limit - len(found) + 1, 1000))
            rows = [(item["name"]["S"], item["body"]["B"]) for item in answer["Items"]]
            found += [row for row in rows if row[0] != after]
            if "LastEvaluatedKey" not in answer:
                break
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
        return found[:limit]

    async def transact(self, items: Sequence[Item]) -> bool:
        """Write all or nothing; False when a condition does not hold, or others were quicker."""
        try:
            await self._client.transact_write_items(TransactItems=list(items))
        except ClientError as error:
            if is_lost_race(error):
                return False
            raise as_refusal(self.where, error) from error
        except ERRORS as error:
            raise as_refusal(self.where, error) from error
        return True

    async def batches(self, requests: Iterable[dict[str, Any]]) -> None:
        """Send writes, at most 10 at a time (16 MB), and again those that were not taken."""
        waiting = list(requests)
        while waiting:
            batch, waiting = waiting[:10], waiting[10:]
            answer = await self.ask("batch_write_item", RequestItems={self.name: batch})
            refused = answer.get("UnprocessedItems", {}).get(self.name, [])
            if refused:
                await asyncio.sleep(random.uniform(0.05, 0.5))  # noqa: S311 - no secret
            waiting += refused

    async def ask(self, name: str, **arguments: Any) -> Any:
        """Return the answer to a call of the client.

        Raises:
            StoreUnavailable: no answer, or a refusal.
        """
        return await self.guarded(getattr(self._client, name)(**arguments))

    async def guarded(self, answer: Awaitable[Any]) -> Any:
        """Return an answer; what fails is raised as by `ask`."""
        try:
            return await answer
        except ERRORS as error:
            raise as_refusal(self.where, error) from error


def key_of(part: str, name: str) -> Item:
    """Return the key of an item."""
    return {"part": {"S": part}, "name": {"S": name}}


def item_of(part: str, name: str, value: bytes) -> Item:
    """Return an item."""
    return {**key_of(part, name), "body": {"B": value}}


def _definition(table: str) -> Item:
    return {
        "TableName": table,
        "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in _KEYS],
        "AttributeDefinitions": [{"AttributeName": n, "AttributeType": "S"} for n, _ in _KEYS],
        "BillingMode": "PAY_PER_REQUEST",
    }
