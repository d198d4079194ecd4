"""What DynamoDB's client raises, as refusals in words."""

from typing import Any

from botocore.exceptions import (  # pyright: ignore[reportMissingTypeStubs]
    BotoCoreError,
    ClientError,
    NoCredentialsError,
)

from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored

ERRORS: tuple[type[Exception], ...] = (ClientError, BotoCoreError, OSError, TimeoutError)
"""Everything that a call may raise."""

_LATER = (
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "ThrottlingException",
    "TransactionInProgressException",
)
_RACES = ("ConditionalCheckFailed", "TransactionConflict", "None")


def as_refusal(where: str, error: Exception) -> StoreUnavailable:
    """Return what to raise for it."""
    if isinstance(error, NoCredentialsError):
        hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile."
        return stored.rejected(where, error, hint)
    if isinstance(error, ClientError) and code_of(error) not in _LATER:
        hint = "Check `table_name`, `region` and the rights of these credentials."
        return stored.rejected(where, error, hint)
    return stored.unreachable(where, error)


def is_lost_race(error: Any) -> bool:
    """Tell whether a transaction was refused because others were quicker, and nothing else."""
    if code_of(error) in ("TransactionConflictException", "TransactionInProgressException"):
        return True
    reasons: list[dict[str, Any]] = error.response.get("CancellationReasons", [])
    return bool(reasons) and all(each.get("Code", "None") in _RACES for each in reasons)


def code_of(error: Any) -> str:
    """Return the name of a client's error."""
    return error.response.get("Error", {}).get("Code", "")
