"""One problem in a person's files, as a value. Collecting them is the task of `diagnostics`."""

from enum import IntEnum

import msgspec

from tertulia.base.source import SourceSpan

_SHOWN = 16


class Severity(IntEnum):
    """How much a problem matters: an error stops training, a hint may be no problem at all."""

    HINT = 0
    WARNING = 1
    ERROR = 2


class Problem(msgspec.Struct, frozen=True):
    """One thing found: code, what is wrong, how to mend it, where, and how bad it is.

    details: lines that show it, such as the conversation in which it happens.
    """

    code: str
    message: str
    hint: str = ""
    at: SourceSpan | None = None
    severity: Severity = Severity.ERROR
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Render as `file:line: code: what, remedy`; warnings say so before the code.

        Details follow, one a line and indented; of many only the last, which show the problem.
        """
        place = f"{self.at}: " if self.at else ""
        level = "" if self.severity is Severity.ERROR else f"{self.severity.name.lower()} "
        shown = self.details[-_SHOWN:]
        left_out = len(self.details) - len(shown)
        above = (f"({left_out} lines before)",) if left_out else ()
        below = "".join(f"\n    {line}" for line in (*above, *shown))
        return f"{place}{level}{self.code}: {with_remedy(self.message, self.hint)}{below}"

    def sort_key(self) -> tuple[str, int, int, str]:
        """Order by file, line and column, then code."""
        at = self.at or SourceSpan("")
        return (at.file, at.line, at.column, self.code)


def with_remedy(message: str, hint: str) -> str:
    """Return what is wrong and how to mend it as two sentences."""
    if not hint:
        return message
    stop = "" if message.endswith((".", "!", "?", ":")) else "."
    return f"{message}{stop} {hint}"
