"""The server is closed by default: every route, every kind of credential, as its scope says."""

from tests.http.access_table import GOOD, NO_GOOD, Outcomes, outcomes, settings

FULL = ("`admin`", "JWT `admin`", "token")


def expected(scope: str, path: str, column: str) -> bool:
    """Tell whether a column is let in: the rules, written once more and independently."""
    if scope in ("open", "channel") or column in FULL:
        return True
    if column == "JWT without a role":
        return False
    if column in ("`user`, own", "`write`, prefix, own"):
        return "{conversation_id}" in path and scope != "admin"
    if "another's" in column:
        return False
    included = {
        "`read`": {"read"},
        "`converse`": {"converse"},
        "`write`": {"read", "converse", "write"},
    }
    return scope in included[column]


async def test_every_route_answers_every_credential_as_its_scope_says() -> None:
    for given in (settings(), settings(profile="legacy")):
        found = await outcomes(given)
        assert len(found) > 20
        for row, columns in found.items():
            for column in GOOD:
                wanted = 299 if expected(row.scope, row.path, column) else 403
                assert columns[column] == wanted, (row, column)


async def test_what_is_not_good_is_401_wherever_credentials_are_asked_for() -> None:
    for row, columns in (await outcomes(settings())).items():
        wanted = 299 if row.scope in ("open", "channel") else 401
        assert {columns[name] for name in NO_GOOD} == {wanted}, row


async def test_protected_channels_ask_everybody() -> None:
    found: Outcomes = await outcomes(settings(protect_channels=True))
    channels = {row: columns for row, columns in found.items() if row.scope == "channel"}
    assert channels
    for columns in channels.values():
        assert {columns[name] for name in NO_GOOD} == {401}
        assert (columns["`read`"], columns["JWT without a role"]) == (403, 403)
        assert (columns["`converse`"], columns["token"]) == (299, 299)
