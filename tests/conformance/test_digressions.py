"""A form survives what users talk about in between, and asks on where it was."""

from pathlib import Path
from typing import Any

import httpx2

from tertulia.adapters.remote.actions import HttpActionServer
from tertulia.adapters.remote.client import EndpointClient
from tertulia.data.yaml import dump
from tertulia.model.content import Content
from tertulia.schema.endpoints import ActionEndpoint
from tertulia.server.settings import ServerSettings
from tertulia.training.prepare import Settings
from tertulia.training.project import Project, read_project
from tertulia.training.run import train

from .bots import IDENTITY, modern_bot, served

DEPTH = 5


def agreeing() -> HttpActionServer:
    """An action server whose actions accept everything and do nothing."""
    endpoint = ActionEndpoint(url="http://actions/webhook")
    answer = {"events": [], "responses": []}
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer))
    return HttpActionServer(endpoint, client=EndpointClient(endpoint, transport=transport))


SETTINGS = ServerSettings(enable_api=True)


async def say(client: httpx2.AsyncClient, text: str) -> list[str]:
    answer = await client.post("/webhooks/rest/webhook", json={"sender": "d", "message": text})
    return [each["text"] for each in answer.json()]


async def test_five_digressions_one_after_the_other_return_to_the_question() -> None:
    async with served(modern_bot("forms"), SETTINGS, actions=agreeing()) as client:
        question = (await say(client, "/book_table"))[-1]
        for depth in range(DEPTH):
            said = await say(client, "/faq_hours" if depth % 2 else "/chat")
            assert len(said) == 2
            assert said[-1] == question
        state = (await client.get("/conversations/d/tracker")).json()
        assert state["active_loop"]["name"] == "table_form"
        assert state["slots"]["requested_slot"] == "cuisine"
        assert await say(client, '/inform{"cuisine": "thai"}') != [question]
        state = (await client.get("/conversations/d/tracker")).json()
    assert state["slots"]["cuisine"] == "thai"
    assert state["slots"]["requested_slot"] not in (None, "cuisine")


def nested_bot(folder: Path) -> Content:
    """A bot with forms that may each be interrupted by the next, and return to the one before."""
    forms = range(1, DEPTH + 1)
    domain = {
        "version": "3.1",
        "intents": [f"begin_{n}" for n in forms] + ["tell"],
        "entities": [f"e{n}" for n in forms],
        "slots": {
            f"s{n}": {
                "type": "text",
                "influence_conversation": False,
                "mappings": [{"type": "from_entity", "entity": f"e{n}"}],
            }
            for n in forms
        },
        "forms": {f"form_{n}": {"required_slots": [f"s{n}"]} for n in forms},
        "responses": {
            **{f"utter_ask_s{n}": [{"text": f"question {n}"}] for n in forms},
            "utter_done": [{"text": "done"}],
        },
    }
    rules = [begins(1, []), returns(1)]
    for n in forms[1:]:
        rules.append(begins(n, [{"active_loop": f"form_{n - 1}"}]))
        rules.append(returns(n))
    (folder / "domain.yml").write_text(dump(domain), "utf-8")
    (folder / "rules.yml").write_text(dump({"version": "3.1", "rules": rules}), "utf-8")
    (folder / "config.yml").write_text(
        "recipe: default.v1\nlanguage: en\nassistant_id: nested\n"
        "pipeline:\n- name: WhitespaceTokenizer\n- name: KeywordIntentClassifier\n"
        "policies:\n- name: RulePolicy\n",
        "utf-8",
    )
    project = Project(
        config=(folder / "config.yml",),
        domain=(folder / "domain.yml",),
        stories=(folder / "rules.yml",),
    )
    return train(read_project(project), IDENTITY, Settings(nlu=False))


def begins(number: int, condition: list[dict[str, str]]) -> dict[str, Any]:
    form = f"form_{number}"
    steps = [{"intent": f"begin_{number}"}, {"action": form}, {"active_loop": form}]
    given = {"condition": condition} if condition else {}
    return {"rule": f"begin {number}", **given, "steps": steps}


def returns(number: int) -> dict[str, Any]:
    form, before = f"form_{number}", f"form_{number - 1}"
    ended = [
        {"action": form},
        {"active_loop": None},
        {"slot_was_set": [{"requested_slot": None}]},
    ]
    earlier = [{"action": before}, {"active_loop": before}]
    back = earlier if number > 1 else [{"action": "utter_done"}]
    return {
        "rule": f"return from {number}",
        "condition": [{"active_loop": form}],
        "steps": [*ended, *back],
    }


async def test_five_forms_in_one_another_return_one_after_the_other(tmp_path: Path) -> None:
    async with served(nested_bot(tmp_path), SETTINGS) as client:
        for depth in range(1, DEPTH + 1):
            assert await say(client, f"/begin_{depth}") == [f"question {depth}"]
        for depth in range(DEPTH, 0, -1):
            answer = f'/tell{{"e{depth}": "x"}}'
            asked = [f"question {depth - 1}"] if depth > 1 else ["done"]
            assert await say(client, answer) == asked
        state = (await client.get("/conversations/d/tracker")).json()
    assert state["active_loop"] == {}
    assert [state["slots"][f"s{n}"] for n in range(1, DEPTH + 1)] == ["x"] * DEPTH
