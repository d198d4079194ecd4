"""A served model learns one conversation more over HTTP, and can be taken back."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.http.conftest import Client, Profile, connect

from tertulia.model.archive import model_bytes
from tertulia.training.project import Project, read_project
from tertulia.training.run import Identity, train

BOT = """\
version: "3.1"
recipe: default.v1
assistant_id: tiny
language: en
pipeline:
- name: WhitespaceTokenizer
- name: KeywordIntentClassifier
policies:
- name: POLICY
intents: [hi, bye]
responses:
  utter_hi: [{text: yo}]
  utter_bye: [{text: ciao}]
nlu:
- intent: hi
  examples: "- hi"
- intent: bye
  examples: "- bye"
"""
STORY = """\
stories:
- story: s
  steps:
  - intent: hi
  - action: utter_hi
"""
RULE = """\
rules:
- rule: r
  steps:
  - intent: hi
  - action: utter_hi
"""
LESSON = [
    {"event": "action", "name": "action_listen"},
    {"event": "user", "text": "/bye", "parse_data": {"intent": {"name": "bye", "confidence": 1.0}}},
    {"event": "action", "name": "utter_bye"},
    {"event": "action", "name": "action_listen"},
]


@cache
def model(policy: str, data: str) -> bytes:
    with TemporaryDirectory() as folder:
        path = (Path(folder) / "training.yml",)
        path[0].write_text(BOT.replace("POLICY", policy) + data)
        read = read_project(Project(config=path, domain=path, nlu=path, stories=path))
        identity = Identity(model_id="c" * 32, created="2026-01-01T00:00:00+00:00")
        return model_bytes(train(read, identity))


async def serve(client: Client, policy: str, data: str) -> None:
    answer = await client.post("/model", files={"model": ("m.tar.gz", model(policy, data))})
    assert answer.status_code == 204, answer.text


async def next_action(client: Client) -> str:
    answer = await client.post("/predict", LESSON[:2])
    best = max(answer.json()["scores"], key=lambda one: one["score"])
    return best["action"] if best["score"] else ""


@pytest.mark.parametrize("policy", ["MemoizationPolicy", "TEDPolicy"])
async def test_what_was_taught_is_done_from_then_on(profile: Profile, policy: str) -> None:
    async with connect(profile) as client:
        await serve(client, policy, STORY)
        assert await next_action(client) != "utter_bye"
        answer = await client.post("/finetune?epochs=100&batch_size=5", LESSON)
        assert (answer.status_code, answer.content) == (204, b"")
        assert await next_action(client) == "utter_bye"


async def test_a_lesson_can_be_taken_back() -> None:
    async with connect("modern") as client:
        await serve(client, "MemoizationPolicy", STORY)
        await client.post("/finetune", LESSON)
        assert (await client.post("/model/rollback")).status_code == 204
        assert await next_action(client) == ""


async def test_a_model_of_rules_alone_learns_nothing_and_says_so(profile: Profile) -> None:
    reasons = {"legacy": "TrainingException", "modern": "TrainingError"}
    async with connect(profile) as client:
        await serve(client, "RulePolicy", RULE)
        answer = await client.post("/finetune", LESSON)
        assert answer.status_code == 400
        assert answer.json()["reason"] == reasons[profile]
        assert "MemoizationPolicy" in answer.json()["message"]


@pytest.mark.parametrize("body", [{"a": 1}, "text", [1], [{"event": "slot"}]])
async def test_a_body_that_is_no_list_of_events_is_refused(profile: Profile, body: object) -> None:
    async with connect(profile) as client:
        await serve(client, "MemoizationPolicy", STORY)
        answer = await client.post("/finetune", body)
        assert (answer.status_code, answer.json()["error_code"]) == (400, "T806")
