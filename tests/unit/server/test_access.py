"""What scopes include and which conversations a grant covers."""

from typing import get_args

import pytest

from tertulia.server.access import FULL, NOTHING, KeyScope, grant_for

SCOPES = get_args(KeyScope)


@pytest.mark.parametrize(
    ("given", "reached"),
    [
        ("read", {"read"}),
        ("converse", {"converse"}),
        ("write", {"read", "converse", "write"}),
        ("admin", {"read", "converse", "write", "admin"}),
    ],
)
def test_a_scope_includes_those_that_it_could_stand_in_for(
    given: KeyScope, reached: set[str]
) -> None:
    grant = grant_for(given)
    assert {scope for scope in SCOPES if grant.reaches(scope, "u")} == reached


def test_several_scopes_add_up() -> None:
    grant = grant_for("read", "converse")
    assert [grant.reaches(scope, None) for scope in SCOPES] == [True, True, False, False]


@pytest.mark.parametrize("scope", SCOPES)
def test_a_caller_without_scopes_reaches_nothing_and_a_full_one_everything(scope: str) -> None:
    assert not NOTHING.reaches(scope, "u")
    assert FULL.reaches(scope, "u")
    assert FULL.reaches(scope, None)


@pytest.mark.parametrize("other", ["bob", "alice2", "ALICE", "", None])
def test_a_grant_for_one_conversation_covers_no_other(other: str | None) -> None:
    grant = grant_for("write", only="alice")
    assert grant.covers("alice")
    assert not grant.covers(other)


@pytest.mark.parametrize("other", ["shop", "SHOP-1", "x-shop-1", "", None])
def test_a_grant_with_a_prefix_covers_what_begins_with_it(other: str | None) -> None:
    grant = grant_for("read", prefix="shop-")
    assert grant.covers("shop-1")
    assert grant.covers("shop-")
    assert not grant.covers(other)
