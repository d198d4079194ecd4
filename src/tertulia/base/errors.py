"""The whole error tree. Every error has a code, says what happened, where, and what to do.

TertuliaError(code, message, hint, at)
├── InputProblem             the user's files; exit code 2
│   ├── ConfigError    T1xx  config.yml, endpoints.yml, credentials.yml, command lines
│   ├── DomainError    T2xx  domain files
│   ├── DataError      T3xx  stories, rules, NLU data
│   └── ProblemsFound        several of the above at once, from one run over the files
├── ModelError         T4xx  model missing, damaged, too old, hostile; NoEarlierModel, NothingLearns
├── ComponentError     T5xx  UnknownComponent, MissingExtra, BadComponent
├── PortError          T6xx  carries `retry`
│   ├── StoreUnavailable  StoreConflict  LockTimeout (QueueFull  LockUnavailable)
│   ├── ActionServerError  ResponseServerError  LanguageServerError  ChannelError
│   ├── TooManyJobs  JobFailed  ModelServerError  CallbackFailed
│   └── BrokerUnavailable  MessageRefused  T9xx
├── TurnError          T7xx  ActionLimitReached, UnknownAction, ActionRejected, EventRejected
└── RequestError       T8xx  a request that cannot be served as it is
"""

from collections.abc import Sequence
from difflib import get_close_matches

from tertulia.base.problem import Problem, with_remedy
from tertulia.base.source import SourceSpan


class TertuliaError(Exception):
    """Root of every error the product raises on purpose.

    code: `T` and three digits, one paragraph each in docs/reference/errors.md.
    hint: what the reader should do now. at: the place in a file, when a person wrote one.
    """

    code = "T000"

    def __init__(
        self, message: str, *, hint: str = "", at: SourceSpan | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.at = at
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        """Render as `place: code: message. hint`."""
        place = f"{self.at}: " if self.at else ""
        return f"{place}{self.code}: {with_remedy(self.message, self.hint)}"


class InputProblem(TertuliaError):
    """Something a person wrote cannot be used as it is."""

    code = "T100"


class ConfigError(InputProblem):
    """A configuration file or command line is wrong."""

    code = "T101"


class DomainError(InputProblem):
    """A domain file is wrong."""

    code = "T201"


class DataError(InputProblem):
    """Training data is wrong."""

    code = "T301"


class ProblemsFound(InputProblem):
    """All problems of one run over a person's files, together.

    problems: in the order of file and line.
    """

    code = "T102"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __str__(self) -> str:
        """Render one problem a line, as a compiler does."""
        return self.message


class ModelError(TertuliaError):
    """A model cannot be used: missing, damaged, made by something else, or hostile."""

    code = "T401"


class NoEarlierModel(ModelError):
    """There is no model to go back to."""

    code = "T416"


class NothingLearns(ModelError):
    """No policy of the model learns from a single conversation."""

    code = "T421"


class ComponentError(TertuliaError):
    """A named component cannot be used."""

    code = "T501"


class UnknownComponent(ComponentError):
    """No component has this name."""

    code = "T502"


class MissingExtra(ComponentError):
    """A component needs an optional package that is not installed."""

    code = "T503"


class BadComponent(ComponentError):
    """A component was found but does not fit its role."""

    code = "T504"


class PortError(TertuliaError):
    """Something outside the process failed. retry: the same call may succeed later."""

    code = "T600"
    retry = False


class StoreUnavailable(PortError):
    """The tracker store did not answer; nothing was written."""

    code = "T601"
    retry = True


class StoreConflict(PortError):
    """The store holds another number of events than the writer expected."""

    code = "T602"
    retry = True


class LockTimeout(PortError):
    """The turn waited too long for its conversation."""

    code = "T603"
    retry = True


class QueueFull(LockTimeout):
    """Too many turns wait for the conversation already."""

    code = "T608"


class LockUnavailable(LockTimeout):
    """What orders the turns of several servers does not answer, or cannot be used."""

    code = "T921"


class ActionServerError(PortError):
    """The action server failed or answered something unusable."""

    code = "T604"


class ResponseServerError(PortError):
    """The response (NLG) server failed or answered something unusable."""

    code = "T605"


class LanguageServerError(PortError):
    """The NLU server failed or answered something unusable."""

    code = "T607"


class ChannelError(PortError):
    """A channel could not deliver a message."""

    code = "T606"


class TooManyJobs(PortError):
    """As many training and test jobs are under way as the server takes."""

    code = "T650"
    retry = True


class JobFailed(PortError):
    """The process of a training or test job died or did not end in time."""

    code = "T651"


class ModelServerError(PortError):
    """The model server did not answer, or sent something unusable."""

    code = "T652"
    retry = True


class CallbackFailed(PortError):
    """The address that a job's result was to be sent to did not take it."""

    code = "T653"


class BrokerUnavailable(PortError):
    """An event broker did not confirm what it was sent."""

    code = "T900"
    retry = True


class MessageRefused(PortError):
    """An event broker will never take a message. message_id: which."""

    code = "T901"

    def __init__(self, message: str, message_id: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.message_id = message_id


class TurnError(TertuliaError):
    """A turn cannot go on."""

    code = "T700"


class ActionLimitReached(TurnError):
    """More actions were predicted in one turn than allowed."""

    code = "T701"


class UnknownAction(TurnError):
    """An action name that the domain does not have."""

    code = "T702"


class ActionRejected(TurnError):
    """An action refused to run; another prediction is wanted. action: its name."""

    code = "T703"

    def __init__(self, action: str, reason: str = "") -> None:
        super().__init__(reason or f"the action '{action}' rejected its execution")
        self.action = action


class EventRejected(TurnError):
    """An event's JSON is not a valid event."""

    code = "T704"


class HistoryTruncated(TurnError):
    """The loaded part of a conversation is too short; load the whole log and repeat."""

    code = "T705"


class RequestError(TertuliaError):
    """A request cannot be served as it is. parameter, where: as in the original's error body."""

    code = "T800"

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        reason: str = "BadRequest",
        parameter: str | None = None,
        where: str | None = None,
        hint: str = "",
        code: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, code=code)
        self.status = status
        self.reason = reason
        self.parameter = parameter
        self.where = where


def nearest(name: str, known: Sequence[str]) -> str:
    """Return ` Did you mean 'x'?`-style text for the nearest known name, or the empty string."""
    close = get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean '{close[0]}'?" if close else ""
