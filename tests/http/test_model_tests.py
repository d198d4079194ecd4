"""The loaded model is tested over HTTP, in a process of its own."""

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from tests.http.conftest import Client, Profile, connect
from tests.http.trained import trained

AS_YAML = {"Content-Type": "application/x-yaml"}
RIGHT = """\
version: "3.1"
stories:
- story: t
  steps:
  - user: |
      hey
    intent: hi
  - action: utter_hi
"""


@pytest.fixture
async def tested(profile: Profile) -> AsyncGenerator[Client]:
    async with connect(profile) as client:
        await client.post("/model", files={"model": ("m.tar.gz", trained())})
        yield client


async def ask(client: Client, body: str, query: str = "", **headers: str) -> Any:
    path = f"/model/test/stories{query}"
    return await client("POST", path, content=body.encode(), headers=headers or AS_YAML)


async def test_each_action_of_a_story_is_compared_with_the_models(tested: Client) -> None:
    answer = await ask(tested, RIGHT)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["accuracy"], found["f1"], found["precision"]) == (1.0, 1.0, 1.0)
    assert [(one["action"], one["predicted"]) for one in found["actions"]] == [
        ("utter_hi", "utter_hi"),
        ("action_listen", "action_listen"),
    ]
    assert found["is_end_to_end_evaluation"] is False


async def test_messages_are_understood_when_asked_for(tested: Client) -> None:
    found = (await ask(tested, RIGHT, "?e2e=true")).json()
    assert found["is_end_to_end_evaluation"] is True
    assert "hi" in found["report"]


async def test_a_wrong_story_is_told(tested: Client) -> None:
    wrong = RIGHT.replace("utter_hi", "action_restart")
    found = (await ask(tested, wrong)).json()
    assert found["actions"][0]["predicted"] == "utter_hi"
    assert found["accuracy"] < 1.0


async def test_markdown_is_read_as_the_0x_clients_send_it(tested: Client) -> None:
    body = b"## s\n* hi\n  - utter_hi\n"
    answer = await tested("POST", "/evaluate", content=body)
    assert answer.status_code == 200, answer.text
    assert [one["predicted"] for one in answer.json()["actions"]] == ["utter_hi", "action_listen"]


@pytest.mark.parametrize("body", ["", " ", "a: [", "stories: 5"])
async def test_stories_that_cannot_be_read_are_refused(
    body: str, tested: Client, profile: Profile
) -> None:
    answer = await ask(tested, body)
    reasons = {"legacy": "FailedEvaluation", "modern": "BadRequest"}
    assert (answer.status_code, answer.json()["reason"]) == (400, reasons[profile]), answer.text


async def test_without_a_model_nothing_is_tested(profile: Profile) -> None:
    async with connect(profile) as client:
        await client("DELETE", "/model")
        assert (await ask(client, RIGHT)).status_code == {"legacy": 503, "modern": 409}[profile]


async def test_yaml_without_stories_is_an_empty_test(tested: Client, profile: Profile) -> None:
    found = (await ask(tested, "foo: 1")).json()
    empty = {"legacy": "", "modern": {}}[profile]
    assert (found["report"], found["accuracy"], found["actions"]) == (empty, 0.0, [])


async def test_markdown_without_stories_is_refused(tested: Client) -> None:
    answer = await tested("POST", "/evaluate", content=b"not a story")
    assert answer.status_code == 400


NLU = """\
version: "3.1"
nlu:
- intent: hi
  examples: |
    - hi
    - hey
    - good day
"""
CONFIGURED = "language: en\npipeline:\n- name: KeywordIntentClassifier\n" + NLU


async def ask_nlu(client: Client, body: str, query: str = "") -> Any:
    path = f"/model/test/intents{query}"
    return await client("POST", path, content=body.encode(), headers=AS_YAML)


async def test_each_example_is_compared_with_what_is_understood(tested: Client) -> None:
    answer = await ask_nlu(tested, NLU)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    intents = found["intent_evaluation"]
    assert [(one["text"], one["intent"], one["predicted"]) for one in intents["predictions"]] == [
        ("hi", "hi", "hi"),
        ("hey", "hi", "hi"),
        ("good day", "hi", ""),
    ]
    assert [one["text"] for one in intents["errors"]] == ["good day"]
    assert intents["accuracy"] == pytest.approx(2 / 3)
    assert (found["entity_evaluation"], found["response_selection_evaluation"]) == (None, None)


async def test_examples_may_be_json(tested: Client) -> None:
    examples = [{"text": "hey", "intent": "hi", "entities": []}]
    answer = await tested.post(
        "/model/test/intents", {"rasa_nlu_data": {"common_examples": examples}}
    )
    assert answer.json()["intent_evaluation"]["accuracy"] == 1.0


async def test_a_cross_validation_needs_no_model(profile: Profile) -> None:
    async with connect(profile) as client:
        await client("DELETE", "/model")
        answer = await ask_nlu(client, CONFIGURED, "?cross_validation_folds=2")
        assert answer.status_code == 200, answer.text
        assert answer.json()["intent_evaluation"]["report"]["hi"]["support"] == 3


async def test_another_model_of_the_folder_is_tested(profile: Profile, tmp_path: Path) -> None:
    (tmp_path / "m.tar.gz").write_bytes(trained())
    async with connect(profile, model_roots=(tmp_path,)) as client:
        answer = await ask_nlu(client, NLU, f"?model={tmp_path / 'm.tar.gz'}")
        assert answer.status_code == 200, answer.text
        for query, code in (("/etc/passwd", "T831"), (str(tmp_path / "none"), "T830")):
            refused = await ask_nlu(client, NLU, f"?model={query}")
            assert (refused.status_code, refused.json()["error_code"]) == (400, code)


@pytest.mark.parametrize(
    ("body", "query", "code"),
    [
        ("", "", "T835"),
        ("a: [", "", "T839"),
        ("stories: []", "", "T839"),
        (NLU, "?cross_validation_folds=1", "T839"),
        (NLU, "?cross_validation_folds=50", "T839"),
        ('{"rasa_nlu_data": {}}', "?cross_validation_folds=2", "T839"),
        ('{"rasa_nlu_data": 5}', "", "T839"),
        (CONFIGURED.replace("Keyword", "os.path.Keyword"), "?cross_validation_folds=2", "T839"),
    ],
)
async def test_examples_that_cannot_be_tested_are_refused(
    body: str, query: str, code: str, tested: Client
) -> None:
    answer = await ask_nlu(tested, body, query)
    assert (answer.status_code, answer.json()["error_code"]) == (400, code), answer.text


async def test_without_a_model_no_example_is_tested(profile: Profile) -> None:
    async with connect(profile) as client:
        await client("DELETE", "/model")
        answer = await ask_nlu(client, NLU)
        assert answer.status_code == {"legacy": 503, "modern": 409}[profile]
