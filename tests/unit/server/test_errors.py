"""The table from errors to HTTP."""

from collections.abc import Iterator

import pytest

from tertulia.base import errors
from tertulia.server import errors as table
from tertulia.server.settings import ServerSettings

LEGACY, MODERN = ServerSettings(profile="legacy"), ServerSettings(profile="modern")


def kinds(root: type[errors.TertuliaError]) -> Iterator[type[errors.TertuliaError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


@pytest.mark.parametrize("settings", [LEGACY, MODERN], ids=["legacy", "modern"])
@pytest.mark.parametrize("kind", sorted(set(kinds(errors.TertuliaError)), key=repr))
def test_every_error_of_the_tree_has_a_status(
    kind: type[errors.TertuliaError], settings: ServerSettings
) -> None:
    error = kind.__new__(kind)
    errors.TertuliaError.__init__(error, "x")
    answer = table.answer_for(error, settings)
    assert 400 <= answer.status < 600
    assert answer.reason


@pytest.mark.parametrize("code", sorted(table.BY_CODE))
def test_a_code_of_the_server_is_a_clients_fault_or_says_what_is_missing(code: str) -> None:
    busy = (table.TOO_SLOW, table.STOPPING, table.TOO_MANY_JOBS, table.TOO_BUSY)
    full = (table.TOO_MANY_CONNECTIONS, table.TOO_MANY, table.NO_FEED)
    ours = (
        table.NO_MODEL,
        table.NO_DOMAIN,
        table.NO_POLICIES,
        table.BUG,
        table.JOB_FAILED,
        *busy,
        *full,
    )
    for settings in (LEGACY, MODERN):
        assert table.status_of(code, settings) < 500 or code in ours


def test_the_body_says_everything_the_error_knows() -> None:
    error = errors.RequestError(
        "that is wrong.", parameter="p", where="query", hint="Do this.", code=table.WRONG_PARAMETER
    )
    failure = table.failure_of(error, MODERN)
    assert failure.status == 400
    assert failure.body == table.ErrorBody(
        version="3.6.21",
        status="failure",
        message="That is wrong. Do this.",
        reason="BadRequest",
        details={"parameter": "p", "in": "query"},
        help=None,
        code=400,
        error_code="T804",
    )


def test_an_error_worth_a_retry_says_when() -> None:
    failure = table.failure_of(errors.LockTimeout("busy"), LEGACY)
    assert failure.headers["Retry-After"] == "1"


def test_an_action_server_is_somebody_else() -> None:
    assert table.failure_of(errors.ActionServerError("down"), MODERN).status == 502
