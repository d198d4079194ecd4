"""What a line of the log looks like: for people, or as JSON for programs that read logs.

Fields that a record brings besides its text stand in its attribute `fields`.
"""

import json
import logging
import re
import time
from typing import Any

from tertulia.base.current import CURRENT, PROCESS

_CODE = re.compile(r"(T\d{3}) ")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_TEXT = "%(asctime)s %(levelname)-7s %(name)s  %(message)s"


class TextLines(logging.Formatter):
    """One line a record, and the conversation it belongs to; a traceback follows as it is.

    Control characters are escaped: nobody who talks to a bot can write lines into its log.
    """

    def __init__(self) -> None:
        super().__init__(_TEXT)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - overrides it
        """Return the line without what follows it."""
        line = super().formatMessage(record)
        for name, value in _place().items():
            line += f" {name}={value}"
        return _UNPRINTABLE.sub(_escaped, line)


class JsonLines(logging.Formatter):
    """One JSON object a line.

    Always: time (UTC), level, logger, message. Where they are known: code, conversation, step,
    exception, and the record's own fields.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the object, in ASCII."""
        seconds = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        message = record.getMessage()
        found: dict[str, Any] = {
            "time": f"{seconds}.{int(record.msecs):03d}Z",
            "level": record.levelname,
            "logger": record.name,
            "message": message,
        }
        code = _CODE.match(message)
        if code is not None:
            found["code"] = code[1]
        found |= _place()
        found |= getattr(record, "fields", {})
        if record.exc_info:
            found["exception"] = self.formatException(record.exc_info)
        return json.dumps(found, default=str)


def _place() -> dict[str, str]:
    """Return the process, where there are several, and what it is doing."""
    turn = CURRENT.get()
    found = {
        "worker": PROCESS.worker,
        "conversation": "" if turn is None else turn.sender_id,
        "step": "" if turn is None else turn.step,
    }
    return {name: value for name, value in found.items() if value}


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode("ascii")
