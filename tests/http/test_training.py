"""Models are trained over HTTP in a process of their own, from the data of every generation."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from tests.http.conftest import Client, Profile, connect
from tests.http.trained import YAML, trained

from tertulia.jobs import runner
from tertulia.model.archive import read_model_bytes
from tertulia.model.load import load_model
from tertulia.schema.access import Limits

AS_YAML = {"Content-Type": "application/x-yaml"}
WRONG = {"legacy": "InvalidParameter", "modern": "BadRequest"}

POLICIES = "policies:\n- name: MemoizationPolicy\n"
CONFIG = f"language: en\npipeline:\n- name: KeywordIntentClassifier\n{POLICIES}"
OLD_CONFIG = f"language: en\npipeline: keyword\n{POLICIES}"
DOMAIN = "intents:\n- hi\nactions:\n- utter_hi\ntemplates:\n  utter_hi:\n  - text: yo\n"
NLU = "## intent:hi\n- hi\n- hey\n"
STORIES = "## s\n* hi\n  - utter_hi\n"


async def train(client: Client, body: str, query: str = "") -> Any:
    return await client("POST", f"/model/train{query}", content=body.encode(), headers=AS_YAML)


async def test_one_yaml_document_becomes_a_model(profile: Profile, tmp_path: Path) -> None:
    async with connect(profile, model_roots=(tmp_path,)) as client:
        answer = await train(client, YAML)
        assert answer.status_code == 200, answer.text
        name = answer.headers["filename"]
        assert name.endswith(".tar.gz")
        assert answer.headers["content-type"] == "application/x-tar"
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        assert load_model(read_model_bytes(answer.content)).manifest.assistant_id == "tiny"
        assert (tmp_path / name).read_bytes() == answer.content


async def test_a_trained_model_is_not_loaded_but_can_be(modern: Client, tmp_path: Path) -> None:
    async with connect("modern", model_roots=(tmp_path,)) as client:
        before = (await client.get("/status")).json()["model_id"]
        name = (await train(client, YAML)).headers["filename"]
        assert (await client.get("/status")).json()["model_id"] == before
        loaded = await client.put("/model", {"model_file": str(tmp_path / name)})
        assert loaded.status_code == 204
        assert (await client.get("/status")).json()["model_file"] == name


async def test_a_model_that_shall_not_be_kept_is_only_answered(tmp_path: Path) -> None:
    async with connect("modern", model_roots=(tmp_path,)) as client:
        answer = await train(client, YAML, "?save_to_default_model_directory=false")
        assert answer.status_code == 200
        assert os.listdir(tmp_path) == []


async def test_what_did_not_change_is_not_learned_again(tmp_path: Path) -> None:
    (tmp_path / "before.tar.gz").write_bytes(trained())
    async with connect("modern", model_roots=(tmp_path,)) as client:
        answer = await train(client, YAML)
        assert answer.content == trained()
        assert os.listdir(tmp_path) == ["before.tar.gz"]
        forced = await train(client, YAML, "?force_training=true")
        assert forced.content != trained()
        assert len(os.listdir(tmp_path)) == 2


@pytest.mark.parametrize("config", [CONFIG, OLD_CONFIG], ids=["2.x", "1.x"])
async def test_json_with_the_texts_of_files_becomes_a_model(config: str, profile: Profile) -> None:
    body = {"config": config, "domain": DOMAIN, "nlu": NLU, "stories": STORIES}
    async with connect(profile) as client:
        answer = await client.post("/model/train", body)
        assert answer.status_code == 200, answer.text
        model = load_model(read_model_bytes(answer.content))
        assert model.pipeline is not None
        assert model.ensemble is not None


async def test_nlu_alone_becomes_a_model(modern: Client) -> None:
    answer = await modern.post("/model/train", {"config": CONFIG, "nlu": NLU})
    assert answer.status_code == 200, answer.text
    assert answer.headers["filename"].startswith("nlu-")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("", "T835"),
        ("   ", "T835"),
        ("a: [", "T835"),
        ("5", "T835"),
        ("version: '3.1'\nintents: [hi]\n", "T837"),
        (YAML.replace("responses:\n  utter_hi:\n  - text: yo\n", "responses: 5\n"), "T835"),
        (YAML.replace("KeywordIntentClassifier", "KeywordIntentClasifier"), "T837"),
        (YAML.replace("RulePolicy", "os.system"), "T837"),
        (YAML.replace("KeywordIntentClassifier", "subprocess.Popen"), "T837"),
        (YAML.replace("text: yo", "text: ${PATH}"), "T835"),
        (YAML + "- rule: again\n  steps:\n  - intent: hi\n  - action: action_restart\n", "T837"),
        (YAML.replace("intents: [hi]", "intents: [hi, hi]"), "T836"),
    ],
)
async def test_data_that_cannot_be_trained_is_refused_with_its_place(
    body: str, code: str, modern: Client
) -> None:
    answer = await train(modern, body)
    found = answer.json()
    assert (answer.status_code, found["error_code"]) == (400, code), answer.text
    reasons = {"T835": "BadRequest", "T836": "InvalidDomainError", "T837": "TrainingError"}
    assert found["reason"] == reasons[code]


async def test_a_mistake_is_told_with_its_line(modern: Client) -> None:
    message = (await train(modern, YAML.replace("RulePolicy", "RulePolcy"))).json()["message"]
    assert "training.yml:9:9" in message
    assert "Did you mean 'RulePolicy'?" in message


async def test_no_file_of_the_server_is_read_for_a_lookup_table(modern: Client) -> None:
    nlu = f"{NLU}\n## lookup:secrets\n/etc/passwd\n"
    answer = await modern.post("/model/train", {"config": CONFIG, "nlu": nlu})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "T835")
    assert "T390" in answer.json()["message"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"domain": "x"}, "config"),
        ({"config": CONFIG}, "nlu"),
        ({"config": CONFIG, "stories": STORIES}, "domain"),
        ({"config": CONFIG, "nlu": NLU, "out": "/tmp"}, "out"),  # noqa: S108 - asked for, refused
        ({"config": 5}, "config"),
    ],
)
async def test_json_without_a_part_is_refused(
    body: dict[str, Any], parameter: str, client: Client, profile: Profile
) -> None:
    answer = await client.post("/model/train", body)
    found = answer.json()
    assert (answer.status_code, found["reason"]) == (400, WRONG[profile])
    assert found["details"] == {"parameter": parameter, "in": "body"}


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "http://allowed:1@evil/",
        "http://evil/allowed",
        "ftp://allowed/",
        "//allowed/",
        "allowed",
        "http://[::1",
        "",
    ],
)
async def test_only_allowed_hosts_are_called_back(url: str, profile: Profile) -> None:
    async with connect(profile, outgoing_hosts=("allowed",)) as client:
        answer = await client(
            "POST", "/model/train", params={"callback_url": url}, content=YAML, headers=AS_YAML
        )
        found = answer.json()
        assert (answer.status_code, found["error_code"]) == (400, "T832")
        assert "--outgoing-host" in found["message"]


async def test_jobs_are_counted_and_more_than_allowed_are_refused() -> None:
    async with connect("modern", limits=Limits(jobs=1)) as client:
        first = asyncio.create_task(train(client, YAML))
        while (await client.get("/status")).json()["num_active_training_jobs"] != 1:
            assert not first.done()
            await asyncio.sleep(0.01)
        second = await train(client, YAML)
        assert (second.status_code, second.headers["retry-after"]) == (503, "1")
        assert (await first).status_code == 200
        assert (await client.get("/status")).json()["num_active_training_jobs"] == 0


async def test_a_job_whose_process_dies_is_the_servers_fault(
    modern: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "COMMAND", ("/bin/false",))
    answer = await train(modern, YAML)
    assert (answer.status_code, answer.json()["error_code"]) == (500, "T651")


async def test_training_data_that_is_too_large_is_refused() -> None:
    async with connect("modern", limits=Limits(upload_bytes=100)) as client:
        answer = await train(client, YAML)
        assert (answer.status_code, answer.json()["error_code"]) == (413, "T802")


async def test_bytes_that_are_no_text_are_refused(client: Client) -> None:
    answer = await client("POST", "/model/train", content=b"a: \xff", headers=AS_YAML)
    assert answer.status_code == 400
