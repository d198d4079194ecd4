"""`store import` and `config check`, as a person calls them."""

import gzip
import json
import re
import socket
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tertulia.cli.main import run_program

RECORDED = (
    Path(__file__).parents[1] / "conformance" / "modern" / "recordings" / "forms_tracker.db.gz"
)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.chdir(project)
    (tmp_path / "rasa.db").write_bytes(gzip.decompress(RECORDED.read_bytes()))
    return project


def test_a_file_of_the_original_is_brought_into_the_projects_store_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["store", "import", "../rasa.db"]) == 0
    first = capsys.readouterr().out
    assert first.startswith("35 conversations with ")
    assert "0 were there already; 0 not brought over" in first
    assert run_program(["store", "import", "../rasa.db"]) == 0
    assert capsys.readouterr().out.startswith("0 conversations with 0 new events; 35 were there")
    with closing(sqlite3.connect(folder / ".tertulia" / "conversations.db")) as connection:
        assert connection.execute("SELECT count(*) FROM conversations").fetchone() == (35,)


def test_an_endpoints_file_names_the_old_store(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = folder.parent / "old.yml"
    old.write_text(f"tracker_store:\n  type: SQL\n  db: {folder.parent}/rasa.db\n")
    Path("endpoints.yml").write_text("tracker_store:\n  type: SQL\n  db: new.db\n")
    assert run_program(["store", "import", "../old.yml"]) == 0
    assert capsys.readouterr().out.startswith("35 conversations")
    with closing(sqlite3.connect("new.db")) as connection:
        found = connection.execute("SELECT count(DISTINCT sender_id) FROM events").fetchone()
    assert found == (35,)


def test_the_stores_own_file_of_another_project_is_a_source(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run_program(["store", "import", "../rasa.db"]) == 0
    (folder.parent / "second").mkdir()
    monkeypatch.chdir(folder.parent / "second")
    capsys.readouterr()
    assert run_program(["store", "import", "../project/.tertulia/conversations.db"]) == 0
    assert capsys.readouterr().out.startswith("35 conversations")


def test_what_is_never_stored_is_not_brought_either(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("endpoints.yml").write_text("redaction:\n- name: word\n  pattern: '[a-z]{3,}'\n")
    assert run_program(["store", "import", "../rasa.db"]) == 0
    assert capsys.readouterr().out.startswith("35 conversations")
    with closing(sqlite3.connect(folder / ".tertulia" / "conversations.db")) as connection:
        bodies = connection.execute("SELECT body FROM events WHERE type = 'user'").fetchall()
    texts = {json.loads(body)["text"] for (body,) in bodies}
    assert not any(re.search("[a-z]{3,}", text.replace("[word]", "")) for text in texts if text)


def test_places_of_brokers_are_listed_and_those_of_removed_ones_dropped(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["store", "import", "../rasa.db"]) == 0
    with closing(sqlite3.connect(folder / ".tertulia" / "conversations.db")) as connection:
        connection.execute("INSERT INTO feed_cursors VALUES ('broker:old', 3), ('broker:file', 4)")
        connection.commit()
    Path("endpoints.yml").write_text("event_broker:\n  type: file\n  path: told.jsonl\n")
    capsys.readouterr()
    assert run_program(["store", "brokers"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in listed] == ["file", "old"]
    assert [line.rpartition("waiting  ")[2] for line in listed] == ["configured", "not configured"]
    assert run_program(["store", "brokers", "--drop", "file"]) == 1
    assert "T895" in capsys.readouterr().err
    assert run_program(["store", "brokers", "--drop", "old"]) == 0
    assert capsys.readouterr().out.startswith("old  at 3, ")
    assert run_program(["store", "brokers"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["file"]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("empty.yml", "T644: empty.yml names no tracker store"),
        ("endpoints.yml", "T644: endpoints.yml is the store of this project itself"),
        ("gone.yml", "T111"),
    ],
)
def test_a_source_that_is_none_is_refused(
    folder: Path, capsys: pytest.CaptureFixture[str], source: str, said: str
) -> None:
    Path("empty.yml").write_text("# nothing\n")
    Path("endpoints.yml").write_text("tracker_store:\n  type: SQL\n  db: new.db\n")
    assert run_program(["store", "import", source]) == 1
    assert said in capsys.readouterr().err


def test_a_check_writes_reads_and_deletes_an_event(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["config", "check"]) == 0
    assert capsys.readouterr().out.startswith(
        "tracker_store: one event written, read and deleted (/"
    )
    with closing(sqlite3.connect(folder / ".tertulia" / "conversations.db")) as connection:
        assert connection.execute("SELECT count(*) FROM events").fetchone() == (0,)


def test_a_check_names_everything_that_cannot_be_used(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        free = taken.getsockname()[1]
    Path("endpoints.yml").write_text(
        "tracker_store:\n  type: SQL\n  dialect: postgresql\n  url: 127.0.0.1:1\n"
        f"action_endpoint:\n  url: http://127.0.0.1:{free}/webhook\n"
        "lock_store:\n  type: redis\n  url: 127.0.0.1:1\n"
    )
    assert run_program(["config", "check"]) == 1
    said = capsys.readouterr().err
    assert "tracker_store: T601: PostgreSQL at 127.0.0.1:1" in said
    assert "lock_store: T921: Redis at 127.0.0.1:1/1 does not answer" in said
    assert f"action_endpoint: T645: http://127.0.0.1:{free}/webhook does not answer" in said


def test_a_check_of_a_misspelt_store_stops_at_its_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("endpoints.yml").write_text("tracker_store:\n  type: redsi\n")
    assert run_program(["config", "check"]) == 1
    assert "endpoints.yml:2:9: T138: there is no tracker store 'redsi'. Did you mean 'redis'?" in (
        capsys.readouterr().err
    )


OWN_STORE = """
import json, pathlib

class TeamStore:
    def __init__(self, domain, url=None, **rest):
        self.folder = pathlib.Path(url)
        self.folder.mkdir(exist_ok=True)

    def save(self, tracker):
        text = json.dumps(tracker.as_dialogue().as_dict())
        (self.folder / tracker.sender_id).write_text(text)

    def retrieve(self, sender_id):
        path = self.folder / sender_id
        return json.loads(path.read_text()) if path.exists() else None

    def keys(self):
        return [path.name for path in self.folder.iterdir()]
"""


def test_conversations_are_brought_into_a_store_class_of_the_projects_own(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(folder))
    Path("team_stores_of_a_test.py").write_text(OWN_STORE)
    Path("endpoints.yml").write_text(
        "tracker_store:\n  type: team_stores_of_a_test.TeamStore\n  url: kept\n"
    )
    assert run_program(["store", "import", "../rasa.db"]) == 0
    assert capsys.readouterr().out.startswith("35 conversations")
    assert len(list(Path("kept").iterdir())) == 35


def test_idle_conversations_are_listed_and_then_erased(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["store", "import", "../rasa.db"]) == 0
    capsys.readouterr()
    assert run_program(["store", "prune", "--older-than", "1d", "--dry-run"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert listed[-1] == "35 of 35 conversations would be erased"
    assert len(listed) == 36
    assert run_program(["store", "prune", "--older-than", "9999w"]) == 0
    assert capsys.readouterr().out == "0 of 35 conversations erased\n"
    assert run_program(["store", "prune", "--older-than", "1d"]) == 0
    assert capsys.readouterr().out == "35 of 35 conversations erased\n"
    assert run_program(["store", "prune", "--older-than", "1d"]) == 0
    assert capsys.readouterr().out == "0 of 0 conversations erased\n"


@pytest.mark.parametrize("age", ["", "90", "d", "-3d", "0d", "1.5d", "3y", "³d"])
def test_an_age_that_is_none_is_refused(
    folder: Path, age: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_program(["store", "prune", "--older-than", age]) == 2
    assert "is no age. Write 90d, 12h or 8w." in capsys.readouterr().err
