"""What can go wrong between a client and its server."""

from tertulia.base.errors import PortError

UNREACHABLE = "T880"
UNREADABLE_ANSWER = "T881"


class ServerUnreachable(PortError):
    """No answer came. reached: the request may have arrived, and been carried out."""

    code = UNREACHABLE

    def __init__(self, message: str, *, reached: bool) -> None:
        super().__init__(message, hint="Check the address, and that the server runs.")
        self.reached = reached


class ServerRefused(PortError):
    """The server answered with an error.

    status: of HTTP. code: the server's error code, `PortError.code` from servers that give none.
    reason, details: of the error's body. retry_after: seconds, None when the server does not say.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = PortError.code,
        reason: str = "",
        details: dict[str, object] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.status = status
        self.reason = reason
        self.details = details or {}
        self.retry_after = retry_after


class UnreadableAnswer(PortError):
    """The server answered something that is not what this address answers."""

    code = UNREADABLE_ANSWER
