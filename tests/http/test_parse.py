"""Understanding a text, also in other services' words."""

from typing import Any

import pytest
from tests.http.conftest import Client


@pytest.mark.parametrize("path", ["/parse", "/model/parse"])
@pytest.mark.parametrize("body", [{"text": "hello"}, {"q": "hello"}, {"text": "hello", "q": "bye"}])
async def test_a_text_is_understood(client: Client, path: str, body: dict[str, Any]) -> None:
    answer = await client.post(path, body)
    assert answer.status_code == 200
    assert answer.json()["intent"] == {"name": "hello", "confidence": 1.0}


async def test_an_empty_text_means_nothing(client: Client) -> None:
    answer = await client.post("/model/parse", {"text": ""})
    assert answer.json()["intent"]["name"] is None


@pytest.mark.parametrize("body", [{}, {"text": None}, {"text": 5}, {"text": ["a"]}])
async def test_what_is_no_text_is_refused_by_name(client: Client, body: dict[str, Any]) -> None:
    answer = await client.post("/model/parse", body)
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": "text", "in": "body"}


@pytest.mark.parametrize("body", [["a"], "a", 5])
async def test_what_is_no_object_is_refused(client: Client, body: Any) -> None:
    assert (await client.post("/model/parse", body)).status_code == 400


async def test_wit_is_emulated(client: Client) -> None:
    answer = await client.post("/model/parse?emulation_mode=wit", {"text": "hello Rome"})
    found = answer.json()
    assert found["text"] == "hello Rome"
    assert found["intents"] == [{"name": "hello", "confidence": 1.0}]
    assert found["entities"]["city:city"][0]["body"] == "Rome"


async def test_luis_is_emulated(client: Client) -> None:
    answer = await client.post("/model/parse?emulation_mode=LUIS", {"text": "hello Rome"})
    prediction = answer.json()["prediction"]
    assert prediction["topIntent"] == "hello"
    assert prediction["intents"] == {"hello": {"score": 1.0}}
    assert prediction["entities"]["city"] == ["Rome"]
    assert prediction["entities"]["$instance"]["city"][0]["length"] == 4


async def test_dialogflow_is_emulated(client: Client) -> None:
    answer = await client.post("/model/parse?emulation_mode=dialogflow", {"text": "hello Rome"})
    found = answer.json()["queryResult"]
    assert found["intent"] == {"name": "hello", "displayName": "hello"}
    assert found["parameters"] == {"city": ["Rome"]}


async def test_an_unknown_emulation_is_refused(client: Client) -> None:
    answer = await client.post("/model/parse?emulation_mode=bogus", {"text": "hello"})
    assert answer.status_code == 400
    assert answer.json()["details"] == {"parameter": "emulation_mode", "in": "query"}
