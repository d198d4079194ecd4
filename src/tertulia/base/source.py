"""Where a piece of text came from: every value a person wrote keeps its file and line."""

import msgspec


class SourceSpan(msgspec.Struct, frozen=True, order=True, gc=False):
    """A place in a file a person wrote.

    file: path as the person gave it, or a label such as `<request>`.
    line: 1-based; 0 when only the file is known. column: 1-based; 0 when unknown.
    """

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        """Render as `file`, `file:line` or `file:line:column`."""
        parts = [self.file]
        if self.line:
            parts.append(str(self.line))
            if self.column:
                parts.append(str(self.column))
        return ":".join(parts)
