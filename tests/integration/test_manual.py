"""The old server manual, word for word: its commands, its calls, its credentials."""

from pathlib import Path

import jwt
import pytest

from .programs import Json, Server, old, run, serving

FILES = {
    "domain.yml": """
intents: [search, thanks]
slots:
  cuisine:
    type: text
actions: [utter_ask_cuisine, utter_results, utter_welcome]
templates:
  utter_ask_cuisine:
  - "Which cuisine?"
  utter_results:
  - text: "Here are {cuisine} places."
  utter_welcome:
  - "You are welcome."
""",
    "stories.md": """
## asks first
  - slot{"cuisine": null}
* search
  - utter_ask_cuisine

## knows already
* thanks
  - utter_welcome
  - slot{"cuisine": "mexican"}
* search
  - utter_results

## knows from the start
  - slot{"cuisine": "mexican"}
* search
  - utter_results
""",
    "policies.yml": "policies:\n- name: MemoizationPolicy\n  max_history: 1\n",
    "nlu.md": """
## intent:search
- find me a restaurant
- I am looking for a place to eat
- where can I have dinner

## intent:thanks
- thank you
- thanks a lot
- many thanks
""",
    "nlu_config.yml": "language: en\npipeline: supervised_embeddings\n",
}
SECRET = "a secret that is long enough for HS256"
TRAIN = "default -d domain.yml -s stories.md -o models/dialogue -c policies.yml"
LEARN = "-c nlu_config.yml -d nlu.md -o models --project nlu --fixed_model_name current"
SERVE = "-d models/dialogue -u models/nlu/current -o out.log --enable_api"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = tmp_path_factory.mktemp("manual")
    for name, text in FILES.items():
        (bot / name).write_text(text, "utf-8")
    for module, line in (("rasa_core.train", TRAIN), ("rasa_nlu.train", LEARN)):
        done = run(*line.split(), folder=bot, command=old(module))
        assert done.status == 0, done.err
    return bot


def next_action(server: Server, sender: str, query: str = "", **headers: str) -> str:
    _, found = server.ask(f"/conversations/{sender}/predict{query}", {}, headers)
    return max(found["scores"], key=lambda each: each["score"])["action"]


def test_a_slot_event_posted_by_a_client_changes_the_next_prediction(folder: Path) -> None:
    with serving(*SERVE.split(), folder=folder, command=old("rasa_core.run")) as server:
        body = {"text": "find me a restaurant", "sender": "user"}
        slot = {"event": "slot", "name": "cuisine", "value": "mexican"}
        server.ask("/conversations/one/messages", body)
        assert next_action(server, "one") == "utter_ask_cuisine"
        status, tracker = server.ask("/conversations/two/tracker/events", slot)
        assert (status, tracker["slots"]["cuisine"]) == (200, "mexican")
        server.ask("/conversations/two/messages", body)
        assert next_action(server, "two") == "utter_results"
        _, messages = server.ask("/conversations/two/execute", {"name": "utter_results"})
        assert messages["messages"][0]["text"] == "Here are mexican places."
        server.stop()
    assert (folder / "out.log").stat().st_size > 0


@pytest.mark.parametrize(
    ("query", "status"), [("?token=thisismysecret", 200), ("?token=wrong", 401), ("", 401)]
)
def test_the_manuals_token_opens_the_api(folder: Path, query: str, status: int) -> None:
    line = f"{SERVE} --auth_token thisismysecret"
    with serving(*line.split(), folder=folder, command=old("rasa_core.run")) as server:
        assert server.ask(f"/conversations/default/tracker{query}")[0] == status
        server.stop()


def test_the_manuals_json_web_token_opens_what_its_role_allows(folder: Path) -> None:
    command = (*SERVE.split(), "--jwt_secret", SECRET)
    with serving(*command, folder=folder, command=old("rasa_core.run")) as server:

        def status(path: str, user: Json, key: str = SECRET) -> int:
            claims = {"user": user}
            header = {"Authorization": f"Bearer {jwt.encode(claims, key, 'HS256')}"}
            return server.ask(path, None, header)[0]

        own, other = "/conversations/ann/tracker", "/conversations/bob/tracker"
        admin = {"username": "root", "role": "admin"}
        user = {"username": "ann", "role": "user"}
        assert [status(own, admin), status(other, admin)] == [200, 200]
        assert [status(own, user), status(other, user), status("/domain", user)] == [200, 403, 403]
        assert status(own, admin, "another secret that is long enough too") == 401
        assert server.ask(own)[0] == 401
        server.stop()
