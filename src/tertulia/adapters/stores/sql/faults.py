"""What can go wrong with the server, in the words of a person who has to repair it.

Rule: no error of the library, of a driver or of the network leaves the store as it is.
"""

from sqlalchemy import exc

from tertulia.base.errors import StoreUnavailable
from tertulia.core import stored

LIBRARY_ERRORS = (exc.SQLAlchemyError, OSError, TimeoutError, EOFError)
"""Everything that a failed call raises."""

_REFUSALS = {
    1044: "Grant the user rights on the database.",
    1045: "Check `username` and `password`.",
    1049: "Make the database, or correct `db`.",
    1142: "Grant the user what the message names.",
    1698: "Check `username` and `password`.",
}
"""Error numbers of MariaDB and MySQL that a second try does not mend."""

_REPEATABLE = (1205, 1213)
"""Lock waits and deadlocks: the transaction is undone and may be tried again."""


def failed(error: BaseException, where: str) -> StoreUnavailable:
    """Return what to raise in place of an error."""
    number = number_of(error)
    cause = getattr(error, "orig", None) or error
    if number in _REFUSALS:
        return stored.rejected(where, cause, _REFUSALS[number])
    if isinstance(error, exc.DataError):
        return stored.unfit(" ".join(str(cause).split()))
    return stored.unreachable(where, cause)


def is_repeatable(error: exc.SQLAlchemyError) -> bool:
    """Tell whether the same transaction may succeed at once.

    Somebody else has begun the same conversation a moment ago, or locked what this one needs.
    """
    return isinstance(error, exc.IntegrityError) or number_of(error) in _REPEATABLE


def number_of(error: BaseException) -> int | None:
    """Return the driver's error number, where it has one."""
    arguments = getattr(getattr(error, "orig", None), "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None
