"""What a pipeline asks another program about a text, and the port through which it is asked."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

Json = Any


class EntityQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A form to post. url: of the server, without path. timeout: seconds for all of it."""

    url: str | None
    form: Mapping[str, str]
    timeout: float


class EntityServer(Protocol):
    """A program that finds times, amounts and the like; Duckling is one. Thread-safe."""

    def ask(self, question: EntityQuestion) -> list[Json] | None:
        """Return what was found, None when the server could not say. Blocks."""
        ...
