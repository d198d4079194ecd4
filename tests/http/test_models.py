"""Models are uploaded, loaded, unloaded and taken back over HTTP, and reach nothing else."""

import os
from pathlib import Path
from typing import Any

import pytest
from tests.http.bot import build_service
from tests.http.conftest import Client, Profile, connect
from tests.http.trained import ESCAPED, HOSTILE, IDS, ORIGINALS, trained

from tertulia.core.domain.model import Generation
from tertulia.schema.access import Limits

WRONG = {"legacy": "InvalidParameter", "modern": "BadRequest"}
NO_MODEL = {"legacy": 503, "modern": 409}
IN_QUERY = {"parameter": "model", "in": "query"}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    (folder / "yo.tar.gz").write_bytes(trained("yo"))
    (folder / "ahoy.tar.gz").write_bytes(trained("ahoy"))
    return folder


def form(data: bytes, field: str = "model", name: str = "m.zip") -> dict[str, Any]:
    return {"files": {field: (name, data)}}


async def load(client: Client, path: Path) -> None:
    await client.api.models.load(str(path))


async def served(client: Client) -> str | None:
    return (await client.api.status()).model_id


async def say(client: Client, text: str, sender: str = "u") -> list[str | None]:
    return await client.say(text, sender)


async def test_a_model_file_below_the_folder_is_loaded(profile: Profile, models: Path) -> None:
    async with connect(profile, model_roots=(models,)) as client:
        answer = await client.put("/model", {"model_file": str(models / "yo.tar.gz")})
        assert (answer.status_code, answer.content) == (204, b"")
        status = (await client.get("/status")).json()
        assert (status["model_file"], status["model_id"]) == ("yo.tar.gz", IDS["yo"])
        assert await say(client, "hi") == ["yo"]


async def test_of_a_folder_the_newest_model_is_loaded(profile: Profile, models: Path) -> None:
    os.utime(models / "ahoy.tar.gz", (1, 1))
    async with connect(profile, model_roots=(models,)) as client:
        await load(client, models)
        assert await served(client) == IDS["yo"]


async def test_relative_paths_count_from_the_working_directory(
    modern: Client, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(models.parent)
    async with connect("modern", model_roots=(models,)) as client:
        await load(client, Path("models/yo.tar.gz"))


@pytest.mark.parametrize(
    "path",
    [
        "{tmp}/outside.tar.gz",
        "{models}/../outside.tar.gz",
        "{models}/link.tar.gz",
        "{models}/linked/outside.tar.gz",
        "/etc/passwd",
        "/no/such/file",
        "..",
        "/",
        "{models}-else/yo.tar.gz",
        "a\0b",
        "\ud800",
        "x" * 100_000,
        "~/models",
        "file:///etc/passwd",
        "http://127.0.0.1/m.tar.gz",
    ],
)
async def test_paths_outside_the_folder_are_refused_whether_they_exist_or_not(
    path: str, profile: Profile, models: Path
) -> None:
    outside = models.parent / "outside.tar.gz"
    outside.write_bytes(trained())
    (models / "link.tar.gz").symlink_to(outside)
    (models / "linked").symlink_to(models.parent)
    given = path.format(tmp=models.parent, models=models)
    async with connect(profile, model_roots=(models,)) as client:
        before = await served(client)
        body = {"model_file": given.encode("utf-8", "surrogatepass").decode("utf-8", "replace")}
        answer = await client.put("/model", body)
        assert answer.status_code == 400
        assert answer.json()["error_code"] == "T831"
        assert answer.json()["reason"] == WRONG[profile]
        assert await served(client) == before


async def test_a_server_without_a_folder_loads_no_file(modern: Client, models: Path) -> None:
    answer = await modern.put("/model", {"model_file": str(models / "yo.tar.gz")})
    assert answer.json()["error_code"] == "T831"


@pytest.mark.parametrize(
    ("body", "code", "details"),
    [
        ({}, "T830", IN_QUERY),
        ({"model_file": None}, "T830", IN_QUERY),
        ({"model_server": {"nope": 1}}, "T830", IN_QUERY),
        ({"model_server": {"url": "http://h/", "cafile": "/etc/x"}}, "T830", IN_QUERY),
        ({"model_server": {"url": 5}}, "T830", IN_QUERY),
        ({"model_file": 5}, "T804", {"parameter": "model_file", "in": "body"}),
        ({"model_server": "x"}, "T804", {"parameter": "model_server", "in": "body"}),
        ({"remote_storage": "aws"}, "T834", {"parameter": "remote_storage", "in": "body"}),
        (
            {"model_file": "m.tar.gz", "remote_storage": "gcs"},
            "T834",
            {"parameter": "remote_storage", "in": "body"},
        ),
        (
            {"model_server": {"url": "http://169.254.169.254/latest"}},
            "T832",
            {"parameter": "model_server", "in": "body"},
        ),
        (
            {"model_server": {"url": "file:///etc/passwd"}},
            "T832",
            {"parameter": "model_server", "in": "body"},
        ),
    ],
)
async def test_what_cannot_be_loaded_is_named_and_the_model_stays(
    body: dict[str, Any], code: str, details: dict[str, str], profile: Profile, models: Path
) -> None:
    async with connect(profile, model_roots=(models,), outgoing_hosts=("h",)) as client:
        before = await served(client)
        answer = await client.put("/model", body)
        found = answer.json()
        assert (answer.status_code, found["error_code"]) == (400, code)
        assert (found["reason"], found["details"]) == (WRONG[profile], details)
        assert await served(client) == before


async def test_a_load_without_a_body_is_refused(client: Client, profile: Profile) -> None:
    answer = await client.put("/model")
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("No path to model file defined in request_body.")
    assert answer.json()["details"] == {}


@pytest.mark.parametrize("name", [*HOSTILE, *ORIGINALS])
async def test_files_that_are_no_model_are_not_loaded(
    name: str, modern: Client, models: Path
) -> None:
    (models / "bad.tar.gz").write_bytes({**HOSTILE, **ORIGINALS}[name])
    async with connect("modern", model_roots=(models,)) as client:
        before = await served(client)
        answer = await client.put("/model", {"model_file": str(models / "bad.tar.gz")})
        assert (answer.status_code, answer.json()["error_code"]) == (400, "T830")
        assert await served(client) == before


async def test_an_uploaded_model_is_served(client: Client) -> None:
    answer = await client.post("/model", **form(trained("ahoy")))
    assert (answer.status_code, answer.content) == (204, b"")
    assert await served(client) == IDS["ahoy"]
    assert await say(client, "hi") == ["ahoy"]


async def test_an_uploaded_model_is_called_by_its_plain_name(client: Client) -> None:
    await client.post("/model", **form(trained(), name="../../etc/my-bot.zip"))
    assert (await client.get("/status")).json()["model_file"] == "my-bot.zip"


@pytest.mark.parametrize(
    "options",
    [
        form(b"x", field="other"),
        {"content": b"PK raw", "headers": {"Content-Type": "application/zip"}},
        {},
        {"content": b"x", "headers": {"Content-Type": "multipart/form-data"}},
        {"data": {"other": "text"}},
    ],
    ids=["another field", "raw body", "no body", "no boundary", "plain form"],
)
async def test_an_upload_without_the_file_is_refused(
    options: dict[str, Any], client: Client, profile: Profile
) -> None:
    answer = await client("POST", "/model", **options)
    found = answer.json()
    assert (answer.status_code, found["reason"]) == (400, WRONG[profile])
    assert found["message"].startswith("You did not supply a model as part of your request.")
    assert found["details"] == {"parameter": "model", "in": "body"}


@pytest.mark.parametrize("body", [b"", b"junk", b"--b\r\n\r\n", b'--b\r\nX: "\r\n\r\nx\r\n--b--'])
async def test_a_damaged_form_is_the_clients_fault(body: bytes, client: Client) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await client("POST", "/model", content=body, headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error_code"] in ("T816", "T833")


@pytest.mark.parametrize("name", HOSTILE)
async def test_hostile_uploads_are_refused_and_write_nothing(
    name: str, client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    before = await served(client)
    answer = await client.post("/model", **form(HOSTILE[name]))
    assert (answer.status_code, answer.json()["error_code"]) == (400, "T830")
    assert await served(client) == before
    assert os.listdir(tmp_path) == []
    assert os.path.basename(ESCAPED) not in os.listdir(os.path.dirname(ESCAPED))


@pytest.mark.parametrize("name", ORIGINALS)
async def test_uploaded_models_of_the_originals_are_refused_with_the_remedy(
    name: str, client: Client
) -> None:
    answer = await client.post("/model", **form(ORIGINALS[name]))
    assert answer.status_code == 400
    assert "made by Rasa" in answer.json()["message"]
    assert "Retrain with `tertulia train`" in answer.json()["message"]


async def test_an_upload_that_is_too_large_is_refused(profile: Profile) -> None:
    async with connect(profile, limits=Limits(upload_bytes=1000)) as client:
        answer = await client.post("/model", **form(bytes(2000)))
        assert (answer.status_code, answer.json()["error_code"]) == (413, "T802")


async def test_without_a_model_the_server_says_so_until_the_rollback(
    client: Client, profile: Profile
) -> None:
    await client.post("/model", **form(trained()))
    answer = await client("DELETE", "/model")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get("/domain")).status_code == NO_MODEL[profile]
    assert await say(client, "hi") == []
    assert (await client("DELETE", "/model")).status_code == 204
    assert (await client.post("/model/rollback")).status_code == 204
    assert await served(client) == IDS["yo"]


async def test_a_rollback_serves_the_model_before(client: Client) -> None:
    for answer in ("yo", "ahoy"):
        await client.post("/model", **form(trained(answer)))
    assert (await client.post("/model/rollback")).status_code == 204
    assert await served(client) == IDS["yo"]
    again = await client.post("/model/rollback")
    assert (again.status_code, again.json()["error_code"]) == (409, "T416")
    assert await served(client) == IDS["yo"]


async def test_loading_the_same_model_again_leaves_the_way_back(client: Client) -> None:
    for answer in ("yo", "ahoy", "ahoy"):
        await client.post("/model", **form(trained(answer)))
    await client.post("/model/rollback")
    assert await served(client) == IDS["yo"]


async def test_a_conversation_goes_on_under_the_new_model(client: Client, profile: Profile) -> None:
    await client.post("/model", **form(trained("yo")))
    assert await say(client, "hi") == ["yo"]
    await client.post("/model", **form(trained("ahoy")))
    assert await say(client, "hi") == ["ahoy"]
    said = [event["text"] for event in await client.events("u") if event["event"] == "bot"]
    assert said == ["yo", "ahoy"]


async def test_each_event_names_the_model_that_made_it(modern: Client) -> None:
    for answer in ("yo", "ahoy"):
        await modern.post("/model", **form(trained(answer)))
        await say(modern, "hi")
    events = [event for event in await modern.events("u") if event["event"] == "bot"]
    assert [event["metadata"]["model_id"] for event in events] == [IDS["yo"], IDS["ahoy"]]
    assert {event["metadata"]["assistant_id"] for event in events} == {"tiny"}


async def test_a_server_without_a_model_gets_one(profile: Profile, models: Path) -> None:
    service = build_service(Generation(profile), with_model=False)
    async with connect(profile, service=service, model_roots=(models,)) as client:
        assert (await client.get("/domain")).status_code == NO_MODEL[profile]
        await load(client, models / "yo.tar.gz")
        assert (await client.get("/domain")).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/model"), ("GET", "/model/rollback")])
async def test_models_are_changed_by_the_right_methods_only(
    method: str, path: str, client: Client
) -> None:
    assert (await client(method, path)).status_code == 405
