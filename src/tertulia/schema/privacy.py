"""The typed shapes of `retention` and `redaction` in endpoints.yml: what is kept, and how long."""

from typing import Annotated

import msgspec


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """idle_days: after so many days without an event a conversation is erased.

    every: seconds between two looks at all conversations.
    """

    idle_days: Annotated[float, msgspec.Meta(gt=0)]
    every: Annotated[float, msgspec.Meta(gt=0)] = 3600.0


class RedactedPattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What matches `pattern`, a regular expression, is replaced by `[name]` before it is stored."""

    name: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
    pattern: str
