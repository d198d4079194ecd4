"""Greeting, version, status, list of conversations; and what every route has in common."""

import pytest
from tests.http.bot import MODEL_ID, build_service
from tests.http.conftest import Client, Profile, connect

from tertulia.core.domain.model import Generation

PATHS = (
    "/",
    "/version",
    "/status",
    "/conversations",
    "/domain",
    "/conversations/u/tracker",
    "/conversations/u/story",
    "/webhooks/rest/",
    "/chat",
    "/docs",
    "/openapi.json",
)


async def test_greeting_is_that_of_the_profile(client: Client, profile: Profile) -> None:
    answer = await client.get("/")
    expected = {
        "legacy": "hello from Rasa Core: 0.13.8",
        "modern": "Hello from Rasa: 3.6.21",
    }
    assert answer.status_code == 200
    assert answer.text == expected[profile]
    kind = {"legacy": "text/html", "modern": "text/plain"}[profile]
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"


async def test_version_is_that_of_the_profile(client: Client, profile: Profile) -> None:
    expected = {"legacy": ("0.13.8", "0.13.0a6"), "modern": ("3.6.21", "3.6.21")}
    version, oldest = expected[profile]
    assert (await client.get("/version")).json() == {
        "version": version,
        "minimum_compatible_version": oldest,
    }


async def test_status_names_the_model_in_every_generations_words(client: Client) -> None:
    assert (await client.get("/status")).json() == {
        "model_fingerprint": MODEL_ID,
        "is_ready": True,
        "model_file": "tiny.tar.gz",
        "model_id": MODEL_ID,
        "fingerprint": {},
        "num_active_training_jobs": 0,
    }


async def test_conversations_are_listed_in_ascending_order(client: Client) -> None:
    for name in ("b", "a"):
        await client.put(f"/conversations/{name}/tracker/events", [{"event": "pause"}])
    assert (await client.get("/conversations")).json() == ["a", "b"]


async def test_more_conversations_than_one_page_of_the_store_are_listed(client: Client) -> None:
    store = client.service.store
    for number in range(1001):
        await store.replace(f"{number:04}", [], expected=0)
    assert len((await client.get("/conversations")).json()) == 1001


@pytest.mark.parametrize("path", PATHS)
async def test_head_answers_like_get_without_a_body(client: Client, path: str) -> None:
    await client.put("/conversations/u/tracker/events", [{"event": "pause"}])
    get = await client.get(path)
    head = await client("HEAD", path)
    assert head.status_code == get.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == str(len(get.content))


@pytest.mark.parametrize(
    "path", [*PATHS, "/conversations/u/predict", "/model/parse", "/webhooks/rest/webhook"]
)
async def test_options_tells_the_methods(client: Client, path: str) -> None:
    answer = await client("OPTIONS", path)
    assert answer.status_code == 200
    assert "OPTIONS" in answer.headers["allow"]
    assert answer.content == b""


async def test_an_unknown_address_is_answered_with_the_error_body(
    client: Client, profile: Profile
) -> None:
    answer = await client.get("/nope")
    assert answer.status_code == 404
    assert answer.json() == {
        "version": "0.13.8" if profile == "legacy" else "3.6.21",
        "status": "failure",
        "message": "There is nothing at this address.",
        "reason": "NotFound",
        "details": {},
        "help": None,
        "code": 404,
        "error_code": "T812",
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/version"),
        ("DELETE", "/conversations/u/tracker"),
        ("GET", "/conversations/u/tracker/events"),
        ("GET", "/conversations/u/predict"),
        ("GET", "/predict"),
        ("GET", "/webhooks/rest/webhook"),
    ],
)
async def test_a_wrong_method_is_refused_with_the_right_ones(
    client: Client, method: str, path: str
) -> None:
    answer = await client(method, path)
    assert answer.status_code == 405
    assert answer.json()["error_code"] == "T813"
    assert "OPTIONS" in answer.headers["allow"]


NEEDS_MODEL = [
    ("GET", "/domain"),
    ("GET", "/conversations/u/tracker"),
    ("POST", "/conversations/u/tracker/events"),
    ("PUT", "/conversations/u/tracker/events"),
    ("GET", "/conversations/u/story"),
    ("GET", "/conversations/u/respond"),
    ("POST", "/conversations/u/respond"),
    ("POST", "/conversations/u/predict"),
    ("POST", "/conversations/u/execute"),
    ("POST", "/conversations/u/messages"),
    ("POST", "/predict"),
    ("POST", "/model/predict"),
    ("POST", "/parse"),
    ("POST", "/model/parse"),
]


@pytest.mark.parametrize(("method", "path"), NEEDS_MODEL)
async def test_without_a_model_the_request_is_refused_before_its_body_is_read(
    profile: Profile, method: str, path: str
) -> None:
    service = build_service(Generation(profile), with_model=False)
    async with connect(profile, service=service) as client:
        answer = await client(method, path)
    is_shown = (method, path) == ("GET", "/conversations/u/tracker")
    reason = "NoDomain" if is_shown else "NoAgent"
    expected = {"legacy": (503, reason), "modern": (409, "Conflict")}
    assert (answer.status_code, answer.json()["reason"]) == expected[profile]
    assert answer.json()["error_code"] == ("T884" if is_shown else "T410")


async def test_without_a_model_status_says_so(profile: Profile) -> None:
    service = build_service(Generation(profile), with_model=False)
    async with connect(profile, service=service) as client:
        answer = await client.get("/status")
        assert (await client.get("/version")).status_code == 200
        assert (await client.get("/conversations")).json() == []
    if profile == "legacy":
        assert answer.json()["is_ready"] is False
    else:
        assert answer.status_code == 409


async def test_without_policies_nothing_is_predicted(profile: Profile) -> None:
    service = build_service(Generation(profile), with_policies=False)
    async with connect(profile, service=service) as client:
        answer = await client.post("/model/predict", [])
    assert answer.status_code == {"legacy": 503, "modern": 409}[profile]


async def test_without_the_api_only_channels_and_chat_answer(profile: Profile) -> None:
    async with connect(profile, enable_api=False) as client:
        statuses = {path: (await client.get(path)).status_code for path in PATHS}
    open_paths = {path for path, status in statuses.items() if status == 200}
    greeting = {"/"} if profile == "modern" else set[str]()
    assert open_paths == {"/webhooks/rest/", "/chat"} | greeting
    assert {status for path, status in statuses.items() if path not in open_paths} == {404}


async def test_an_error_nobody_foresaw_is_answered_without_its_text(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**_: object) -> None:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(client.service.operations, "conversations", fail)
    answer = await client.get("/conversations")
    assert answer.status_code == 500
    assert answer.json()["error_code"] == "T815"
    assert "secret" not in answer.text
