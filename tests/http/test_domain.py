"""GET /domain: which format for which Accept header."""

import pytest
from tests.http.conftest import Client, Profile


@pytest.mark.parametrize("accept", ["application/json", "x/json", "*/*", "application/*;q=0.8"])
async def test_json_is_given_when_it_or_anything_is_asked_for(client: Client, accept: str) -> None:
    answer = await client.get("/domain", headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert "intents" in answer.json()


async def test_the_legacy_domain_has_the_old_keys(legacy: Client) -> None:
    domain = (await legacy.get("/domain")).json()
    assert set(domain) >= {"config", "intents", "entities", "slots", "templates", "actions"}
    assert domain["slots"]["cuisine"]["type"] == "rasa_core.slots.TextSlot"


async def test_the_modern_domain_has_the_new_keys(modern: Client) -> None:
    domain = (await modern.get("/domain")).json()
    assert domain["responses"]["utter_bye"] == [{"text": "Bye."}]
    assert domain["slots"]["cuisine"]["type"] == "text"


async def test_yaml_is_given_under_the_profiles_name(client: Client, profile: Profile) -> None:
    answer = await client.get("/domain", headers={"Accept": "application/x-yml"})
    expected = {"legacy": "application/x-yml", "modern": "application/x-yaml"}
    assert answer.headers["content-type"] == expected[profile]
    assert "intents:\n" in answer.text
    assert answer.text.startswith("%YAML 1.1\n---\n") == (profile == "legacy")


async def test_the_word_yaml_is_only_known_to_the_modern_profile(
    client: Client, profile: Profile
) -> None:
    answer = await client.get("/domain", headers={"Accept": "application/x-yaml"})
    assert answer.status_code == {"legacy": 406, "modern": 200}[profile]


async def test_another_format_is_refused(client: Client, profile: Profile) -> None:
    answer = await client.get("/domain", headers={"Accept": "text/html"})
    expected = {"legacy": "InvalidHeader", "modern": "NotAcceptable"}
    assert answer.status_code == 406
    assert answer.json()["reason"] == expected[profile]
