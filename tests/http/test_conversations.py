"""Looking at conversations and changing their events."""

from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from tests.http.bot import NOW
from tests.http.conftest import Client, Profile

USER = {
    "event": "user",
    "text": "hi",
    "parse_data": {"intent": {"name": "hello", "confidence": 0.9}, "entities": [], "text": "hi"},
}
TIMED = [
    {"event": "action", "name": "action_listen", "timestamp": 10.0},
    {"event": "slot", "name": "cuisine", "value": "a", "timestamp": 20.0},
    {"event": "restart", "timestamp": 30.0},
    {"event": "slot", "name": "cuisine", "value": "b", "timestamp": 40.0},
]


def names(tracker: dict[str, Any]) -> list[str]:
    return [event["event"] for event in tracker["events"]]


async def test_an_unknown_conversation_is_begun_and_kept_in_legacy(legacy: Client) -> None:
    shown = (await legacy.get("/conversations/new/tracker")).json()
    assert shown["sender_id"] == "new"
    assert [event["name"] for event in shown["events"]] == ["action_listen"]
    assert shown["active_form"] == {}
    assert "active_loop" not in shown
    assert (await legacy.get("/conversations")).json() == ["new"]


async def test_an_unknown_conversation_is_only_shown_in_modern(modern: Client) -> None:
    shown = (await modern.get("/conversations/new/tracker")).json()
    assert names(shown) == ["action", "session_started", "action"]
    assert shown["active_loop"] == {}
    assert "active_form" not in shown
    assert (await modern.get("/conversations")).json() == []


@pytest.mark.parametrize(
    ("verbosity", "expected"),
    [
        ("ALL", ["action", "slot", "restart", "slot"]),
        ("all", ["action", "slot", "restart", "slot"]),
        ("AFTER_RESTART", ["slot"]),
        ("APPLIED", ["slot"]),
    ],
)
async def test_verbosity_chooses_the_events(
    client: Client, verbosity: str, expected: list[str]
) -> None:
    await client.put("/conversations/t/tracker/events", TIMED)
    shown = await client.get(f"/conversations/t/tracker?include_events={verbosity}")
    assert names(shown.json()) == expected


async def test_no_events_are_null(client: Client) -> None:
    shown = await client.get("/conversations/t/tracker?include_events=NONE")
    assert shown.json()["events"] is None


async def test_the_first_of_repeated_parameters_counts(client: Client) -> None:
    shown = await client.get("/conversations/t/tracker?include_events=NONE&include_events=ALL")
    assert shown.json()["events"] is None


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/conversations/t/tracker", None),
        ("POST", "/conversations/t/tracker/events", {"event": "pause"}),
        ("PUT", "/conversations/t/tracker/events", []),
        ("POST", "/conversations/t/execute", {"name": "utter_bye"}),
        ("POST", "/conversations/t/messages", {"sender": "user", "text": "hello"}),
        ("POST", "/model/predict", []),
    ],
)
async def test_an_unknown_verbosity_is_refused_before_anything_happens(
    client: Client, profile: Profile, method: str, path: str, body: Any
) -> None:
    await client.put("/conversations/t/tracker/events", [{"event": "resume"}])
    answer = await client(method, f"{path}?include_events=bogus", body)
    expected = {"legacy": (404, "InvalidParameter"), "modern": (400, "BadRequest")}
    assert (answer.status_code, answer.json()["reason"]) == expected[profile]
    assert answer.json()["details"] == {"parameter": "include_events", "in": "query"}
    assert names({"events": await client.events("t")}) == ["resume"]


async def test_an_empty_verbosity_is_refused_in_legacy_and_the_default_in_modern(
    client: Client, profile: Profile
) -> None:
    answer = await client.get("/conversations/t/tracker?include_events=")
    assert answer.status_code == {"legacy": 404, "modern": 200}[profile]


async def test_old_parameters_choose_events_in_legacy(legacy: Client) -> None:
    await legacy.put("/conversations/t/tracker/events", TIMED)
    path = "/conversations/t/tracker"
    assert len((await legacy.get(f"{path}?ignore_restarts=true")).json()["events"]) == 4
    assert (await legacy.get(f"{path}?events=false")).json()["events"] is None
    both = await legacy.get(f"{path}?events=false&include_events=AFTER_RESTART")
    assert names(both.json()) == ["slot"]


async def test_until_ends_the_conversation_at_a_time(client: Client) -> None:
    await client.put("/conversations/t/tracker/events", TIMED)
    shown = (await client.get("/conversations/t/tracker?include_events=ALL&until=20")).json()
    assert names(shown) == ["action", "slot"]
    assert shown["slots"]["cuisine"] == "a"
    assert shown["latest_event_time"] == 20.0


async def test_a_part_of_a_conversation_is_nobodys_in_legacy(
    client: Client, profile: Profile
) -> None:
    await client.put("/conversations/t/tracker/events", TIMED)
    name = {"legacy": "default", "modern": "t"}[profile]
    assert (await client.get("/conversations/t/tracker?until=20")).json()["sender_id"] == name
    assert (await client.get("/conversations/t/tracker")).json()["sender_id"] == "t"


async def test_the_time_of_a_posted_reminder_is_written_in_one_way(client: Client) -> None:
    body = {"event": "reminder", "date_time": "2999-01-01T10:00:00Z", "intent": "hello"}
    answer = await client.post("/conversations/t/tracker/events", body)
    assert answer.json()["events"][-1]["date_time"] == "2999-01-01T10:00:00+00:00"


@pytest.mark.parametrize("resource", ["tracker", "story"])
async def test_a_time_that_is_no_number_is_refused_in_legacy_and_ignored_in_modern(
    client: Client, profile: Profile, resource: str
) -> None:
    await client.put("/conversations/t/tracker/events", TIMED)
    answer = await client.get(f"/conversations/t/{resource}?until=abc")
    assert answer.status_code == {"legacy": 400, "modern": 200}[profile]
    if profile == "legacy":
        assert answer.json()["details"] == {"parameter": "until", "in": "query"}


async def test_an_encoded_id_is_decoded(client: Client) -> None:
    shown = await client.get("/conversations/%C3%BC%20100%25/tracker")
    assert shown.json()["sender_id"] == "ü 100%"


async def test_a_slash_in_an_id_is_unknown_to_legacy(legacy: Client) -> None:
    assert (await legacy.get("/conversations/a%2Fb/tracker")).status_code == 404
    assert (await legacy.get("/conversations/a/b/tracker")).status_code == 404


@pytest.mark.parametrize("name", ["a/b/c", "tracker", "a/tracker", "/a", "a//b", "story/x"])
@pytest.mark.parametrize("is_encoded", [False, True])
async def test_an_id_may_hold_slashes_in_modern(
    modern: Client, name: str, is_encoded: bool
) -> None:
    written = quote(name, safe="") if is_encoded else name
    shown = await modern.get(f"/conversations/{written}/tracker")
    assert shown.json()["sender_id"] == name


async def test_one_event_is_logged_with_the_time_of_its_arrival(client: Client) -> None:
    event = {"event": "slot", "name": "cuisine", "value": "thai"}
    answer = await client.post("/conversations/t/tracker/events", event)
    assert answer.status_code == 200
    assert answer.json()["slots"]["cuisine"] == "thai"
    assert answer.json()["events"][-1]["timestamp"] == NOW


async def test_a_list_of_events_is_logged_in_order(client: Client) -> None:
    await client.post("/conversations/t/tracker/events", [{"event": "pause"}, {"event": "resume"}])
    assert names({"events": await client.events("t")})[-2:] == ["pause", "resume"]


async def test_json_is_read_whatever_the_content_type_says(client: Client) -> None:
    answer = await client.post(
        "/conversations/t/tracker/events",
        content=b'{"event": "pause"}',
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert answer.json()["paused"] is True


async def test_side_effects_and_channels_may_be_asked_for(client: Client) -> None:
    path = "/conversations/t/tracker/events?execute_side_effects=true&output_channel=latest"
    answer = await client.post(path, {"event": "bot", "text": "hey", "data": {}})
    assert answer.json()["events"][-1]["text"] == "hey"


@pytest.mark.parametrize(
    "event",
    [
        {"event": "whatever"},
        {"event": "event"},
        {"event": None},
        {"event": "slot", "value": 1},
        {"event": "slot", "name": 5, "value": 1},
        {"event": "pause", "timestamp": "abc"},
        {"event": "pause", "metadata": [1]},
        {"event": "user", "text": "hi"},
        {"event": "user", "text": "hi", "parse_data": None},
        {"event": "user", "text": "hi", "parse_data": {"intent": "hello"}},
        {"event": "user", "text": "hi", "parse_data": {"intent": {"name": 5}}},
        {"event": "user", "text": "hi", "parse_data": {"entities": {"a": 1}}},
        {"event": "user", "text": "hi", "parse_data": {"entities": [{"value": 1}]}},
        {"event": "user", "text": 5, "parse_data": {}},
        {"event": "reminder", "action": "utter_bye"},
        {"event": "reminder", "action": "utter_bye", "date_time": "xx"},
        {"event": "entities", "entities": [{"entity": "city"}]},
        {"event": "action", "confidence": "high", "name": "utter_bye"},
        [{"event": "pause"}, {"event": "nope"}],
        [[]],
        5,
        "pause",
        None,
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_events_that_are_not_valid_are_refused_and_nothing_is_logged(
    client: Client, profile: Profile, method: str, event: Any
) -> None:
    body = [event] if method == "PUT" and isinstance(event, dict) else event
    await client.put("/conversations/t/tracker/events", [{"event": "resume"}])
    answer = await client(
        method, "/conversations/t/tracker/events", content=msgspec.json.encode(body)
    )
    assert answer.status_code == 400
    assert (
        answer.json()["reason"] == {"legacy": "InvalidParameter", "modern": "BadRequest"}[profile]
    )
    # 3.6 points at the body when it is no list at all, and not when an event does not fit.
    points = profile == "legacy" or (method == "PUT" and not isinstance(body, list))
    assert answer.json()["details"] == ({"parameter": "", "in": "body"} if points else {})
    assert names({"events": await client.events("t")}) == ["resume"]


@pytest.mark.parametrize("body", [[], {"foo": 1}, [{"event": "topic"}]])
async def test_a_post_without_any_event_is_refused(
    client: Client, profile: Profile, body: Any
) -> None:
    answer = await client.post("/conversations/t/tracker/events", body)
    assert answer.status_code == 400
    does_not_fit = profile == "modern" and body == {"foo": 1}
    assert answer.json()["details"] == ({} if does_not_fit else {"parameter": "", "in": "body"})


async def test_an_object_that_is_no_event_is_refused_in_a_modern_list(modern: Client) -> None:
    assert (await modern.put("/conversations/t/tracker/events", [{"foo": 1}])).status_code == 400


async def test_a_slot_event_without_value_empties_in_legacy_and_is_refused_in_modern(
    client: Client, profile: Profile
) -> None:
    answer = await client.post(
        "/conversations/t/tracker/events", {"event": "slot", "name": "cuisine"}
    )
    assert answer.status_code == {"legacy": 200, "modern": 400}[profile]


async def test_a_list_names_the_event_that_is_wrong(client: Client) -> None:
    body = [{"event": "pause"}, {"event": "nope"}]
    answer = await client.post("/conversations/t/tracker/events", body)
    assert "event 1" in answer.json()["message"]


async def test_an_intent_without_name_is_taken(client: Client) -> None:
    data = {"intent": {"name": None, "confidence": 0.0}, "entities": []}
    event = {"event": "user", "text": "?", "parse_data": data}
    assert (await client.post("/conversations/t/tracker/events", event)).status_code == 200


async def test_replacing_makes_the_list_the_whole_conversation(client: Client) -> None:
    await client.get("/conversations/t/tracker")
    answer = await client.put("/conversations/t/tracker/events", [USER])
    assert names(answer.json()) == ["user"]
    assert names({"events": await client.events("t")}) == ["user"]


async def test_an_empty_list_empties_the_conversation(client: Client) -> None:
    await client.put("/conversations/t/tracker/events", [USER])
    answer = await client.put("/conversations/t/tracker/events", [])
    assert answer.json()["events"] == []
    assert answer.json()["latest_event_time"] is None


async def test_replacing_needs_a_list(client: Client) -> None:
    answer = await client.put("/conversations/t/tracker/events", {"event": "pause"})
    assert answer.status_code == 400


async def test_objects_without_event_are_left_out_by_legacy(legacy: Client) -> None:
    body = [{"foo": 1}, {"event": "topic"}, {"event": "pause"}]
    answer = await legacy.put("/conversations/t/tracker/events", body)
    assert names(answer.json()) == ["pause"]


async def test_the_legacy_story_is_markdown(legacy: Client) -> None:
    await legacy.post("/conversations/t/respond", {"query": "/hello"})
    answer = await legacy.get("/conversations/t/story")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == "## t\n* hello: /hello\n    - utter_hello\n"


async def test_the_legacy_story_of_an_unknown_conversation_is_empty(legacy: Client) -> None:
    assert (await legacy.get("/conversations/nosuch/story")).text == "## nosuch\n"


async def test_the_modern_story_is_a_yaml_test_story(modern: Client) -> None:
    await modern.post("/webhooks/rest/webhook", {"sender": "t", "message": "/hello"})
    answer = await modern.get("/conversations/t/story")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text == (
        'version: "3.1"\nstories:\n- story: t\n  steps:\n'
        "  - intent: hello\n    user: |-\n      /hello\n  - action: utter_hello\n"
    )


async def test_the_modern_story_of_an_unknown_conversation_is_missing(modern: Client) -> None:
    answer = await modern.get("/conversations/nosuch/story")
    assert answer.status_code == 404
    assert answer.json()["reason"] == "Not found"
    assert answer.json()["message"] == "Conversation ID not found."


async def test_every_session_has_a_story_when_all_are_asked_for(modern: Client) -> None:
    session = [{"event": "action", "name": "action_session_start"}, {"event": "session_started"}]
    body = [*session, USER, *session, USER]
    await modern.put("/conversations/t/tracker/events", body)
    every = (await modern.get("/conversations/t/story?all_sessions=TRUE")).text
    last = (await modern.get("/conversations/t/story")).text
    assert "- story: t, story 1\n" in every
    assert "- story: t, story 2\n" in every
    assert last.count("- story:") == 1
    assert "- story: t\n" in last
