"""What a line of the log looks like: for people, or as JSON for programs that read logs.

Fields that a record brings besides its text stand in its attribute `fields`, or what makes them:
only one kind of line shows them.
"""

import json
import logging
import re
import time
from collections.abc import Callable
from typing import Any, cast

from tertulia.base.current import CURRENT, PROCESS

_CODE = re.compile(r"(T\d{3}) ")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_TEXT = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"
_encode = json.JSONEncoder(default=str).encode


class _Seconds:
    """The text of a second, made once for all the lines that belong to it."""

    def __init__(self, write: Callable[[int], str]) -> None:
        self._write = write
        self._known = (-1, "")

    def of(self, record: logging.LogRecord) -> str:
        """Return the text, without what is below a second."""
        second = int(record.created)
        known = self._known
        if known[0] != second:
            known = self._known = (second, self._write(second))
        return known[1]


def _local(second: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(second))


def _utc(second: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


class TextLines(logging.Formatter):
    """One line a record, and the conversation it belongs to; a traceback follows as it is.

    Control characters are escaped: nobody who talks to a bot can write lines into its log.
    """

    def __init__(self) -> None:
        super().__init__(_TEXT)
        self._seconds = _Seconds(_local)

    def formatTime(  # noqa: N802 - overrides it
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return local time with milliseconds."""
        return f"{self._seconds.of(record)},{int(record.msecs):03d}"

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - overrides it
        """Return the line without what follows it."""
        line = super().formatMessage(record)
        for name, value in _place().items():
            line += f" {name}={value}"
        # Most lines have nothing to escape, and this tells it at once.
        return line if line.isprintable() else _UNPRINTABLE.sub(_escaped, line)


class JsonLines(logging.Formatter):
    """One JSON object a line.

    Always: time (UTC), level, logger, message. Where they are known: code, conversation, step,
    exception, and the record's own fields.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seconds = _Seconds(_utc)

    def format(self, record: logging.LogRecord) -> str:
        """Return the object, in ASCII."""
        message = record.getMessage()
        found: dict[str, Any] = {
            "time": f"{self._seconds.of(record)}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        code = _CODE.match(message)
        if code is not None:
            found["code"] = code[1]
        found |= _place()
        fields: Any = getattr(record, "fields", {})
        found |= cast(dict[str, Any], fields() if callable(fields) else fields)
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return _encode(found)


def _place() -> dict[str, str]:
    """Return the process, where there are several, and what it is doing."""
    found: dict[str, str] = {}
    if PROCESS.worker:
        found["worker"] = PROCESS.worker
    turn = CURRENT.get()
    if turn is not None:
        if turn.sender_id:
            found["conversation"] = turn.sender_id
        if turn.step:
            found["step"] = turn.step
    return found


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
