"""Which other origins may read answers."""

import pytest
from tests.http.conftest import Client, Profile, connect

ASK = {
    "Origin": "https://ok.example",
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization, content-type",
}
ALLOWED = "access-control-allow-origin"


@pytest.mark.parametrize("path", ["/version", "/nope", "/conversations/u/respond"])
async def test_without_origins_the_server_is_closed(client: Client, path: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = await client(method, path, headers=ASK)
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/version", 200),
        ("GET", "/nope", 404),
        ("POST", "/version", 405),
        ("GET", "/conversations/u/tracker?include_events=bogus", 404),
        ("GET", "/webhooks/rest/", 200),
    ],
)
async def test_a_named_origin_may_read_every_answer_errors_too(
    method: str, path: str, status: int
) -> None:
    async with connect("legacy", cors_origins=("https://ok.example",)) as client:
        answer = await client(method, path, headers={"Origin": "https://ok.example"})
    assert answer.status_code == status
    assert answer.headers[ALLOWED] == "https://ok.example"
    assert answer.headers["vary"] == "Origin"
    assert answer.headers["access-control-allow-credentials"] == "true"
    assert answer.headers["access-control-expose-headers"] == "filename"


@pytest.mark.parametrize("path", ["/conversations/u/respond", "/webhooks/rest/webhook"])
async def test_a_preflight_lists_methods_and_headers(profile: Profile, path: str) -> None:
    async with connect(profile, cors_origins=("https://ok.example",)) as client:
        answer = await client("OPTIONS", path, headers=ASK)
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-headers"] == "authorization, content-type"
    assert "PUT" in answer.headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://okXexample", "https://ok.example.evil", "null"]
)
async def test_another_origin_may_read_nothing(profile: Profile, origin: str) -> None:
    async with connect(profile, cors_origins=("https://ok.example",)) as client:
        for method in ("GET", "OPTIONS"):
            answer = await client(method, "/version", headers={**ASK, "Origin": origin})
            assert ALLOWED not in answer.headers
            assert "access-control-allow-methods" not in answer.headers


async def test_a_star_allows_any_origin_without_credentials(profile: Profile) -> None:
    async with connect(profile, cors_origins=("*",)) as client:
        answer = await client.get("/version", headers={"Origin": "https://any.example"})
    assert answer.headers[ALLOWED] == "*"
    assert "access-control-allow-credentials" not in answer.headers


async def test_a_pattern_is_matched_whole(profile: Profile) -> None:
    async with connect(profile, cors_origins=(r"https://.*\.ok\.example",)) as client:
        good = await client.get("/version", headers={"Origin": "https://a.ok.example"})
        bad = await client.get("/version", headers={"Origin": "https://a.ok.example.evil"})
    assert good.headers[ALLOWED] == "https://a.ok.example"
    assert ALLOWED not in bad.headers
