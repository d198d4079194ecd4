"""Answering, predicting, executing and logging through the conversation routes."""

from typing import Any

import pytest
from tests.http.bot import RemoteActions, build_service
from tests.http.conftest import Client, Profile, connect

from tertulia.base.errors import ActionServerError, StoreUnavailable
from tertulia.core.domain.model import Generation

HELLO = {
    "recipient_id": "u",
    "text": "Hello!",
    "buttons": [{"title": "good", "payload": "/good"}],
}


@pytest.mark.parametrize(
    "body", [{"query": "/hello"}, {"q": "/hello"}, {"query": {"text": "/hello"}, "q": "/bye"}]
)
async def test_a_posted_message_is_answered(client: Client, body: dict[str, Any]) -> None:
    answer = await client.post("/conversations/u/respond", body)
    assert answer.status_code == 200
    assert answer.json() == [HELLO]


@pytest.mark.parametrize("query", ["q=/hello", "query=%2Fhello", "query=/hello&q=/bye"])
async def test_a_message_in_the_query_is_answered(client: Client, query: str) -> None:
    assert (await client.get(f"/conversations/u/respond?{query}")).json() == [HELLO]


async def test_an_image_is_a_message_of_its_own(client: Client) -> None:
    answer = await client.post("/conversations/u/respond", {"query": "/bad"})
    assert answer.json() == [
        {"recipient_id": "u", "text": "Look:"},
        {"recipient_id": "u", "image": "https://example.org/fox.jpg"},
    ]


async def test_the_messages_channel_is_none(client: Client) -> None:
    await client.post("/conversations/u/respond", {"query": "/hello"})
    said = [event for event in await client.events("u") if event["event"] == "user"]
    assert said[0]["input_channel"] is None


@pytest.mark.parametrize("body", [{}, {"query": {}}, {"query": {"text": 5}}])
async def test_a_body_without_message_is_refused(client: Client, body: dict[str, Any]) -> None:
    answer = await client.post("/conversations/u/respond", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": "query", "in": "query"}


async def test_a_query_without_message_is_refused(client: Client) -> None:
    answer = await client.get("/conversations/u/respond")
    assert answer.status_code == 400
    assert answer.json()["message"] == "Missing the message parameter."


@pytest.mark.parametrize("body", [{"query": None}, {"query": 5}])
async def test_a_message_of_a_wrong_type_is_refused_by_name(
    client: Client, body: dict[str, Any]
) -> None:
    answer = await client.post("/conversations/u/respond", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": "query", "in": "body"}


async def test_a_prediction_scores_every_action(client: Client, profile: Profile) -> None:
    await client.post("/conversations/u/messages", {"sender": "user", "text": "/hello"})
    answer = (await client.post("/conversations/u/predict")).json()
    best = {"action": "utter_hello", "score": 1.0}
    assert best in answer["scores"]
    assert answer["policy"] == "Scripted"
    assert answer["confidence"] == 1.0
    assert answer["tracker"]["sender_id"] == "u"
    first = {"legacy": "action_listen", "modern": "utter_hello"}
    assert answer["scores"][0]["action"] == first[profile]


async def test_a_prediction_shows_the_followup_as_used(client: Client) -> None:
    followup = {"event": "followup", "name": "utter_hello"}
    await client.post("/conversations/u/tracker/events", followup)
    for _ in range(2):
        answer = (await client.post("/conversations/u/predict")).json()
        assert max(answer["scores"], key=lambda each: each["score"])["action"] == "utter_hello"
        assert answer["tracker"]["followup_action"] is None


async def test_a_prediction_for_an_unknown_conversation(client: Client, profile: Profile) -> None:
    answer = await client.post("/conversations/nosuch/predict")
    assert answer.status_code == {"legacy": 200, "modern": 404}[profile]


@pytest.mark.parametrize("path", ["/predict", "/model/predict"])
async def test_events_are_predicted_from_without_a_conversation(
    client: Client, profile: Profile, path: str
) -> None:
    events = [
        {"event": "action", "name": "action_listen"},
        {"event": "user", "text": "hi", "parse_data": {"intent": {"name": "bye"}, "entities": []}},
    ]
    answer = (await client.post(f"{path}?include_events=NONE", events)).json()
    assert {"action": "utter_bye", "score": 1.0} in answer["scores"]
    assert answer["tracker"]["events"] is None
    assert ("confidence" in answer) == (profile == "modern")
    assert (await client.get("/conversations")).json() == []


@pytest.mark.parametrize("body", [{"a": 1}, [{"event": "nope"}], [{"foo": 1}], 5])
async def test_events_that_are_not_valid_are_not_predicted_from(client: Client, body: Any) -> None:
    answer = await client.post("/model/predict", body)
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "T806"


@pytest.mark.parametrize("key", ["name", "action"])
async def test_an_action_is_run_and_says_something(client: Client, key: str) -> None:
    await client.get("/conversations/u/tracker")
    await client.post("/conversations/u/tracker/events", {"event": "resume"})
    body = {key: "utter_hello", "policy": "me", "confidence": 0.5}
    answer = (await client.post("/conversations/u/execute", body)).json()
    assert answer["messages"] == [HELLO]
    ran = answer["tracker"]["events"][-2]
    assert (ran["name"], ran["policy"], ran["confidence"]) == ("utter_hello", "me", 0.5)


async def test_an_unknown_channel_falls_back_to_the_answer(client: Client) -> None:
    await client.post("/conversations/u/tracker/events", {"event": "resume"})
    path = "/conversations/u/execute?output_channel=nochan"
    answer = (await client.post(path, {"name": "utter_bye"})).json()
    assert answer["messages"] == [{"recipient_id": "u", "text": "Bye."}]


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": "nope"}])
async def test_an_action_that_is_missing_or_unknown_is_refused(
    client: Client, body: dict[str, Any]
) -> None:
    await client.post("/conversations/u/tracker/events", {"event": "resume"})
    answer = await client.post("/conversations/u/execute", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": "name", "in": "body"}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"name": 5}, "name"),
        ({"name": "utter_bye", "confidence": "high"}, "confidence"),
        ([], ""),
    ],
)
async def test_an_execution_of_wrong_types_is_refused_by_name(
    client: Client, body: Any, parameter: str
) -> None:
    await client.post("/conversations/u/tracker/events", {"event": "resume"})
    answer = await client.post("/conversations/u/execute", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": parameter, "in": "body"}


async def test_an_action_in_an_unknown_conversation(client: Client, profile: Profile) -> None:
    answer = await client.post("/conversations/nosuch/execute", {"name": "utter_bye"})
    assert answer.status_code == {"legacy": 200, "modern": 404}[profile]


async def test_a_message_is_logged_and_not_answered(client: Client) -> None:
    body = {"sender": "user", "text": "bye now", "message": "hello Rome"}
    shown = (await client.post("/conversations/u/messages", body)).json()
    assert shown["events"][-1]["text"] == "hello Rome"
    assert shown["latest_message"]["entities"][0]["value"] == "Rome"
    assert shown["latest_action_name"] == "action_listen"


async def test_a_message_may_bring_its_understanding(client: Client) -> None:
    data = {"intent": {"name": "bye", "confidence": 0.9}, "entities": [], "text": "hi"}
    body = {"sender": "user", "text": "hi", "parse_data": data}
    shown = (await client.post("/conversations/u/messages?include_events=NONE", body)).json()
    assert shown["latest_message"]["intent"] == {"name": "bye", "confidence": 0.9}
    assert shown["events"] is None


@pytest.mark.parametrize("body", [{"text": "x", "sender": "bot"}, {"text": "x"}])
async def test_only_users_messages_are_logged(
    client: Client, profile: Profile, body: dict[str, Any]
) -> None:
    answer = await client.post("/conversations/u/messages", body)
    assert answer.status_code == 400
    assert answer.json()["reason"] == {"legacy": "NotSupported", "modern": "BadRequest"}[profile]
    assert answer.json()["details"] == {"parameter": "sender", "in": "body"}


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"sender": "user"}, "text"),
        ({"sender": "user", "text": 5}, "text"),
        ({"sender": "user", "text": "x", "parse_data": {"foo": 1}}, "parse_data"),
        ({"sender": "user", "text": "x", "parse_data": {"intent": 5}}, "intent"),
        ({"sender": "user", "text": "x", "parse_data": 5}, "parse_data"),
    ],
)
async def test_a_message_of_wrong_types_is_refused_by_name(
    client: Client, body: dict[str, Any], parameter: str
) -> None:
    answer = await client.post("/conversations/u/messages", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": parameter, "in": "body"}


async def test_a_store_that_is_down_asks_to_try_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise StoreUnavailable("the disk is gone")

    monkeypatch.setattr(client.service.store, "append", fail)
    answer = await client.post("/conversations/u/respond", {"query": "/hello"})
    assert answer.status_code == 503
    assert answer.json()["error_code"] == "T601"
    assert answer.headers["retry-after"] == "1"


async def test_a_failing_action_server_does_not_fail_the_request(profile: Profile) -> None:
    actions = RemoteActions()
    actions.error = ActionServerError("it is down")
    service = build_service(Generation(profile), actions=actions)
    async with connect(profile, service=service) as client:
        answer = await client.post("/conversations/u/respond", {"query": "/remote"})
    assert (answer.status_code, answer.json()) == (200, [])
    assert actions.called.is_set()
