"""Problems found in a person's files, collected and printed like a compiler does."""

from collections.abc import Iterable

from tertulia.base.errors import ProblemsFound
from tertulia.base.problem import Problem, Severity
from tertulia.base.source import SourceSpan

__all__ = ["Diagnostics", "Problem", "Severity"]


class Diagnostics:
    """Collects problems during one run over the files. Not thread-safe; one per run.

    Identical problems are kept once.
    """

    def __init__(self) -> None:
        self._problems: dict[Problem, None] = {}

    def error(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        at: SourceSpan | None = None,
        details: tuple[str, ...] = (),
    ) -> None:
        """Note something that stops training."""
        self._problems[Problem(code, message, hint, at, Severity.ERROR, details)] = None

    def warning(
        self,
        code: str,
        message: str,
        *,
        hint: str = "",
        at: SourceSpan | None = None,
        details: tuple[str, ...] = (),
    ) -> None:
        """Note something that training survives."""
        self._problems[Problem(code, message, hint, at, Severity.WARNING, details)] = None

    def hint(
        self, code: str, message: str, *, hint: str = "", at: SourceSpan | None = None
    ) -> None:
        """Note something that may well be meant as it is."""
        self._problems[Problem(code, message, hint, at, Severity.HINT)] = None

    def extend(self, problems: Iterable[Problem]) -> None:
        """Take over problems found elsewhere."""
        self._problems.update(dict.fromkeys(problems))

    @property
    def problems(self) -> list[Problem]:
        """All problems, sorted by place."""
        return sorted(self._problems, key=Problem.sort_key)

    @property
    def errors(self) -> list[Problem]:
        """Only what stops training, sorted by place."""
        return [p for p in self.problems if p.severity is Severity.ERROR]

    @property
    def warnings(self) -> list[Problem]:
        """Only what training survives, sorted by place."""
        return [p for p in self.problems if p.severity is Severity.WARNING]

    @property
    def hints(self) -> list[Problem]:
        """Only what may be meant as it is, sorted by place."""
        return [p for p in self.problems if p.severity is Severity.HINT]

    def raise_if_errors(self) -> None:
        """Raise ProblemsFound with every error, when there is one."""
        if errors := self.errors:
            raise ProblemsFound(errors)
