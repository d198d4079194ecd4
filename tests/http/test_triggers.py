"""Events from outside a conversation, over HTTP."""

from typing import Any

import pytest
from tests.http.bot import NOW
from tests.http.conftest import Client

from tertulia.core.events import BotUttered

TRIGGER = "/conversations/u/trigger_intent"
LATER = "2300-01-01T00:00:00+00:00"


class Pushed:
    """A channel that can be pushed to."""

    name = "push"

    def __init__(self) -> None:
        self.said: list[str | None] = []

    async def deliver(self, said: BotUttered) -> None:
        self.said.append(said.text)


async def test_the_bot_reacts_to_an_event_from_outside(client: Client) -> None:
    answer = await client.post(TRIGGER, {"name": "bye"})
    assert answer.status_code == 200
    assert answer.json()["messages"] == [{"recipient_id": "u", "text": "Bye."}]
    assert answer.json()["tracker"]["latest_message"]["text"] == "EXTERNAL: bye"
    (said,) = [event for event in await client.events("u") if event["event"] == "user"]
    assert said["parse_data"]["intent"] == {"name": "bye"}
    assert said["input_channel"] is None


@pytest.mark.parametrize(
    "given", [{"city": "Rome"}, [{"entity": "city", "value": "Rome"}]], ids=["short", "list"]
)
async def test_the_event_may_have_entities(client: Client, given: Any) -> None:
    answer = await client.post(TRIGGER, {"name": "bye", "entities": given})
    message = answer.json()["tracker"]["latest_message"]
    assert message["entities"] == [{"entity": "city", "value": "Rome"}]


async def test_events_are_shown_as_asked(client: Client) -> None:
    answer = await client.post(f"{TRIGGER}?include_events=NONE", {"name": "bye"})
    assert answer.json()["tracker"]["events"] is None
    assert (await client.post(f"{TRIGGER}?include_events=x", {"name": "bye"})).status_code >= 400


async def test_an_intent_the_bot_does_not_have_is_not_found(client: Client) -> None:
    answer = await client.post(TRIGGER, {"name": "bogus"})
    assert answer.status_code == 404
    body = answer.json()
    assert (body["reason"], body["error_code"]) == ("NotFound", "T818")
    assert "'bogus' does not exist in the domain" in body["message"]


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": None}])
async def test_an_event_without_intent_is_refused(client: Client, body: dict[str, Any]) -> None:
    answer = await client.post(TRIGGER, body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": "name", "in": "body"}


@pytest.mark.parametrize("body", [{"name": 5}, {"name": "bye", "entities": "Rome"}, [], None])
async def test_a_trigger_of_wrong_types_is_refused(client: Client, body: Any) -> None:
    assert (await client.post(TRIGGER, body)).status_code == 400


@pytest.mark.parametrize("wanted", ["push", "latest"])
async def test_the_reaction_goes_to_the_channel_asked_for(client: Client, wanted: str) -> None:
    pushed = Pushed()
    client.service.channels.register("push", lambda _: pushed)
    message = {"sender": "u", "message": "/hello", "input_channel": "push"}
    await client.post("/webhooks/rest/webhook", message)
    answer = await client.post(f"{TRIGGER}?output_channel={wanted}", {"name": "bye"})
    assert pushed.said == ["Bye."]
    assert "messages" not in answer.json()


@pytest.mark.parametrize("wanted", ["nowhere", "latest", ""])
async def test_without_such_a_channel_the_answer_has_the_messages(
    client: Client, wanted: str
) -> None:
    answer = await client.post(f"{TRIGGER}?output_channel={wanted}", {"name": "bye"})
    assert [message["text"] for message in answer.json()["messages"]] == ["Bye."]


async def test_posted_events_have_side_effects_only_when_asked_for(client: Client) -> None:
    pushed = Pushed()
    client.service.channels.register("push", lambda _: pushed)
    events = "/conversations/u/tracker/events"

    async def post(text: str, query: str) -> list[str]:
        reminder = {"event": "reminder", "name": text, "intent": "bye", "date_time": LATER}
        for event in (reminder, {"event": "bot", "text": text, "data": {}}):
            answer = await client.post(f"{events}?{query}", {**event, "timestamp": NOW})
            assert answer.status_code == 200
        return [each.name for each in await client.service.store.list_reminders(limit=9)]

    assert await post("quiet", "output_channel=push") == []
    assert pushed.said == []
    assert await post("loud", "output_channel=push&execute_side_effects=true") == ["loud"]
    assert pushed.said == ["loud"]
    cancel = {"event": "cancel_reminder", "timestamp": NOW}
    await client.post(f"{events}?execute_side_effects=true", cancel)
    assert list(await client.service.store.list_reminders(limit=9)) == []
