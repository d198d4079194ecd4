"""Who may use the API: token, signed claims, roles."""

import time
from collections.abc import AsyncGenerator
from typing import Any

import jwt
import pytest
from tests.http.conftest import Client, Profile, connect

from tertulia.base.secret import Secret

TOKEN = "thisismysecret"
KEY = "k" * 64


def signed(claims: dict[str, Any], key: str = KEY, method: str = "HS256") -> dict[str, str]:
    return {"Authorization": f"Bearer {jwt.encode(claims, key, algorithm=method)}"}


def user(name: str | None = None, role: str | None = None) -> dict[str, Any]:
    return {"user": {"username": name, "role": role}}


@pytest.fixture
async def guarded(profile: Profile) -> AsyncGenerator[Client]:
    async with connect(profile, auth_token=Secret(TOKEN)) as found:
        yield found


@pytest.fixture
async def claiming(profile: Profile) -> AsyncGenerator[Client]:
    async with connect(profile, jwt_secret=Secret(KEY)) as found:
        yield found


GUARDED = [
    ("GET", "/status"),
    ("GET", "/metrics"),
    ("GET", "/conversations"),
    ("GET", "/domain"),
    ("GET", "/conversations/u/tracker"),
    ("POST", "/conversations/u/tracker/events"),
    ("PUT", "/conversations/u/tracker/events"),
    ("GET", "/conversations/u/story"),
    ("GET", "/conversations/u/log"),
    ("GET", "/conversations/u/export"),
    ("GET", "/conversations/u/stream"),
    ("GET", "/stream"),
    ("DELETE", "/conversations/u"),
    ("GET", "/conversations/u/respond"),
    ("POST", "/conversations/u/respond"),
    ("POST", "/conversations/u/predict"),
    ("POST", "/conversations/u/execute"),
    ("POST", "/conversations/u/messages"),
    ("POST", "/conversations/u/trigger_intent"),
    ("POST", "/predict"),
    ("POST", "/model/predict"),
    ("POST", "/parse"),
    ("POST", "/model/parse"),
    ("POST", "/model"),
    ("PUT", "/model"),
    ("DELETE", "/model"),
    ("POST", "/model/rollback"),
    ("POST", "/finetune"),
    ("POST", "/model/train"),
    ("POST", "/model/test/stories"),
    ("POST", "/evaluate"),
    ("POST", "/model/test/intents"),
]


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_every_route_of_the_api_asks_for_credentials_first(
    guarded: Client, method: str, path: str
) -> None:
    answer = await guarded(method, path, content=b"{malformed")
    assert answer.status_code == 401
    assert answer.json()["reason"] == "NotAuthenticated"
    assert answer.json()["message"] == "User is not authenticated."
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "path",
    ["/", "/version", "/webhooks/rest/", "/chat", "/docs", "/openapi.json"],
)
async def test_public_routes_ask_for_nothing(guarded: Client, path: str) -> None:
    assert (await guarded.get(path)).status_code == 200


@pytest.mark.parametrize("path", ["/nope", "/auth"])
async def test_unknown_addresses_are_unknown_to_everybody(guarded: Client, path: str) -> None:
    assert (await guarded.get(path)).status_code == 404


@pytest.mark.parametrize("path", [path for _, path in GUARDED])
async def test_a_preflight_asks_for_nothing(guarded: Client, path: str) -> None:
    assert (await guarded("OPTIONS", path)).status_code == 200


@pytest.mark.parametrize(
    ("query", "header"),
    [
        (f"?token={TOKEN}", None),
        (f"?token={TOKEN}&token=x", None),
        ("", f"Bearer {TOKEN}"),
        ("", f"bearer {TOKEN}"),
        ("?token=wrong", f"Bearer {TOKEN}"),
    ],
)
async def test_the_token_opens_everything(guarded: Client, query: str, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    for path in ("/conversations", "/conversations/u/tracker"):
        assert (await guarded.get(path + query, headers=headers)).status_code == 200


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("", None),
        ("?token=", None),
        ("?token=wrong", None),
        (f"?token=x&token={TOKEN}", None),
        (f"?token={TOKEN}x", None),
        ("?token=%ff", None),
        ("", TOKEN),
        ("", "Bearer"),
        ("", "Bearer wrong"),
        ("", f"Basic {TOKEN}"),
        ("", f"Bearer {TOKEN} more"),
    ],
)
async def test_anything_but_the_token_opens_nothing(
    guarded: Client, query: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    assert (await guarded.get(f"/conversations{query}", headers=headers)).status_code == 401


async def test_an_admin_may_do_everything(claiming: Client) -> None:
    headers = signed(user("boss", "admin"))
    for path in ("/status", "/conversations", "/conversations/u/tracker"):
        assert (await claiming.get(path, headers=headers)).status_code == 200


async def test_a_user_reaches_only_their_own_conversation(claiming: Client) -> None:
    headers = signed(user("alice", "user"))
    assert (await claiming.get("/conversations/alice/tracker", headers=headers)).status_code == 200
    for path in ("/conversations/bob/tracker", "/conversations/ALICE/tracker", "/status"):
        answer = await claiming.get(path, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["reason"] == "NotAuthorized"


async def test_a_users_own_id_is_compared_decoded() -> None:
    async with connect("modern", jwt_secret=Secret(KEY)) as client:
        headers = signed(user("a/ü", "user"))
        own = await client.get("/conversations/a%2F%C3%BC/tracker", headers=headers)
    assert own.status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"user": "alice"},
        {"user": None},
        user("alice", "owner"),
        user("alice"),
        user(None, "user"),
        {"user": {"user": "alice", "role": "user"}},
    ],
)
async def test_other_claims_reach_nothing(claiming: Client, claims: dict[str, Any]) -> None:
    answer = await claiming.get("/conversations/alice/tracker", headers=signed(claims))
    assert answer.status_code == 403


NOW = time.time()
ADMIN = user("boss", "admin")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer abc"},
        {"Authorization": "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ"},
        {"Authorization": "Basic abc"},
        {"Authorization": jwt.encode(ADMIN, KEY, algorithm="HS256")},
        {"Authorization": f"Bearer {jwt.encode(ADMIN, None, algorithm='none')}"},
        signed(ADMIN, key="x" * 64),
        signed(ADMIN, method="HS512"),
        signed({**ADMIN, "exp": NOW - 1}),
        signed({**ADMIN, "nbf": NOW + 86_400}),
        signed({**ADMIN, "aud": "x"}),
    ],
    ids=[
        "none",
        "no credential",
        "garbage",
        "cut",
        "other scheme",
        "no scheme",
        "unsigned",
        "other key",
        "other method",
        "expired",
        "not yet",
        "for somebody else",
    ],
)
async def test_claims_that_are_not_good_are_no_claims(
    claiming: Client, headers: dict[str, str]
) -> None:
    answer = await claiming.get("/conversations", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["reason"] == "NotAuthenticated"


async def test_a_token_without_configured_token_opens_nothing(claiming: Client) -> None:
    assert (await claiming.get("/conversations?token=x")).status_code == 401


async def test_clocks_may_differ_by_the_leeway(profile: Profile) -> None:
    now = int(time.time())
    async with connect(profile, jwt_secret=Secret(KEY), jwt_leeway=180.0) as client:
        late = await client.get("/conversations", headers=signed({**ADMIN, "exp": now - 60}))
        too_late = await client.get("/conversations", headers=signed({**ADMIN, "exp": now - 900}))
    assert (late.status_code, too_late.status_code) == (200, 401)


async def test_issue_time_and_subject_do_not_matter(claiming: Client) -> None:
    headers = signed({**ADMIN, "iat": NOW + 3600})
    assert (await claiming.get("/conversations", headers=headers)).status_code == 200


async def test_either_credential_suffices_when_both_are_configured(profile: Profile) -> None:
    async with connect(profile, auth_token=Secret(TOKEN), jwt_secret=Secret(KEY)) as client:
        by_token = await client.get(f"/conversations?token={TOKEN}")
        by_claim = await client.get("/conversations?token=wrong", headers=signed(ADMIN))
        neither = await client.get("/conversations?token=wrong")
    assert [a.status_code for a in (by_token, by_claim, neither)] == [200, 200, 401]
