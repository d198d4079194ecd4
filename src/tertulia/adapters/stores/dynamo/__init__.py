"""DynamoDB: what the originals left there can be read, to be brought to another store."""

from tertulia.adapters.stores.dynamo.originals import DynamoOriginals

__all__ = ["DynamoOriginals"]
