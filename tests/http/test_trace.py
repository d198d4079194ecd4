"""Why the bot acted, for clients that ask."""

from pathlib import Path
from typing import Any, cast

import pytest
from tests.http.bot import Answering, Keywords, StandIn, build_service, domain_of
from tests.http.conftest import Client, Profile, connect

from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.core.domain.model import Generation
from tertulia.core.ports import TrackerStore
from tertulia.core.prediction import Decision, Prediction
from tertulia.core.tracker import Tracker
from tertulia.engine.assistant import Assistant
from tertulia.engine.service import Service

RULE = {"by": "rule", "name": "hello", "at": "data/rules.yml:3"}
TRACE = {
    "policy": "Scripted",
    "because": RULE,
    "others": [{"policy": "Other", "action": "utter_bye", "confidence": 0.25}],
}


class Explaining(Answering):
    """Decides as the plain stand-in, and says why."""

    def decide(self, tracker: Tracker) -> Decision:
        found = super().decide(tracker)
        other = Prediction(policy="Other", scores={"utter_bye": 0.25})
        return Decision(
            action=found.action,
            policy=found.policy,
            confidence=found.confidence,
            scores=found.scores,
            why=RULE,
            by="Scripted",
            others=(other,),
        )


def explaining(profile: Profile, store: TrackerStore | None = None) -> Service:
    generation = Generation(profile)
    service = build_service(generation, store=store)
    domain = domain_of(generation)
    model = StandIn(domain, generation, Explaining(domain), pipeline=Keywords())
    service.keeper.assistant = Assistant(cast(Any, model))
    return service


async def shown(client: Client, query: str = "") -> list[dict[str, Any]]:
    answer = await client.get(f"/conversations/u/tracker?include_events=ALL{query}")
    assert answer.status_code == 200
    return answer.json()["events"]


def said(events: list[dict[str, Any]]) -> list[Any]:
    return [(event["name"], event.get("trace")) for event in events if event["event"] == "action"]


async def test_actions_are_explained_to_those_who_ask(profile: Profile) -> None:
    async with connect(profile, service=explaining(profile)) as client:
        await client.post("/conversations/u/respond", {"query": "hello"})
        found = said(await shown(client, "&include_trace=true"))
    assert found[-2:] == [("utter_hello", TRACE), ("action_listen", TRACE)]
    begun = "conversation_start" if profile == "legacy" else "session_start"
    assert found[0][1] == {"because": {"by": begun}}


@pytest.mark.parametrize("query", ["", "&include_trace=false", "&include_trace=1"])
async def test_nobody_else_sees_a_difference(profile: Profile, query: str) -> None:
    async with connect(profile, service=explaining(profile)) as client:
        await client.post("/conversations/u/respond", {"query": "hello"})
        plain = await shown(client, query)
        traced = await shown(client, "&include_trace=true")
    assert not any("trace" in event for event in plain)
    for event in traced:
        event.pop("trace", None)
    assert plain == traced


async def test_an_action_that_was_requested_says_so(client: Client) -> None:
    await client.post("/conversations/u/respond", {"query": "hello"})
    await client.post("/conversations/u/execute", {"name": "utter_bye"})
    found = said(await shown(client, "&include_trace=true"))
    assert found[-1] == ("utter_bye", {"because": {"by": "request"}})


async def test_explanations_survive_a_restart_of_the_server(
    profile: Profile, tmp_path: Path
) -> None:
    path = tmp_path / "conversations.db"
    service = explaining(profile, await SqliteStore.open(path))
    async with connect(profile, service=service) as client:
        await client.post("/conversations/u/respond", {"query": "hello"})
        before = await shown(client, "&include_trace=true")
    await service.close()
    again = explaining(profile, await SqliteStore.open(path))
    async with connect(profile, service=again) as client:
        after = await shown(client, "&include_trace=true")
    await again.close()
    assert after == before
    assert said(after)[-1] == ("action_listen", TRACE)


async def test_explanations_can_be_moved_to_another_server(profile: Profile) -> None:
    async with connect(profile, service=explaining(profile)) as client:
        await client.post("/conversations/u/respond", {"query": "hello"})
        events = await shown(client, "&include_trace=true")
    async with connect(profile) as client:
        await client.put("/conversations/u/tracker/events", events)
        assert said(await shown(client, "&include_trace=true")) == said(events)
        assert not any("trace" in event for event in await shown(client))
