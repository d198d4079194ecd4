"""The old command line starts a server, or ends, where Rasa Core 0.13.8 did, and then answers."""

import json
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from tests.integration.programs import Server, old, run, serving

from .bots import FOLDER
from .legacy_replay import Exchange, read_exchanges, replay
from .legacy_rules import RULES

Json = Any

pytestmark = pytest.mark.slow

RECORDINGS = FOLDER / "legacy" / "recordings"
FILES = (
    *(f"start_{number}" for number in range(6)),
    *(f"endpoints_{number}" for number in range(9)),
    "stdin_closed",
)
WAITING = "endpoints_6"
"""Its tracker store does not answer; see below."""

NLU = "-c nlu_config.yml -d nlu.md -o models --project nlu --fixed_model_name current"
CORE = "-d domain.yml -s stories.md -o models/dialogue_memo -c policies_memo.yml"
VARIABLES = {"H": "127.0.0.1", "P": "5055"}
"""What the recorded environment had, whatever it was."""


class Start(msgspec.Struct, frozen=True):
    """How a server was started, and how it went. status: with which it ended, 0 if it served.

    endpoints: the file's content, None without one.
    """

    command: str
    endpoints: str | None
    status: int


class Deviation(msgspec.Struct, frozen=True):
    """Starts that shall go another way. Listed in docs/compatibility.md."""

    name: str
    applies: Callable[[Start], bool]
    status: int


DEVIATIONS = (
    Deviation("--d is -d, as the manual writes it", lambda start: " --d " in start.command, 0),
    Deviation("an empty file of endpoints names none", lambda start: start.endpoints == "", 0),
    Deviation("a section that is not known is refused", lambda start: _has(start, "foo"), 1),
    Deviation(
        "a tracker store that is not known, or that nobody named, is refused",
        lambda start: _has(start, "tracker_store"),
        1,
    ),
)


def _has(start: Start, section: str) -> bool:
    return (start.endpoints or "").startswith(f"{section}:")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = tmp_path_factory.mktemp("starts") / "mood"
    shutil.copytree(FOLDER / "legacy" / "bots" / "mood", bot)
    for module, line in (("rasa_nlu.train", NLU), ("rasa_core.train", CORE)):
        done = run(*line.split(), folder=bot, command=old(module))
        assert done.status == 0, done.err
    return bot


@pytest.mark.parametrize("file", [name for name in FILES if name != WAITING])
async def test_a_start_goes_as_recorded(
    file: str, trained: Path, tmp_path: Path, scores: list[str]
) -> None:
    start = read_start(RECORDINGS / f"{file}.jsonl")
    bot = Path(shutil.copytree(trained, tmp_path / "mood"))
    if start.endpoints is not None:
        (bot / "ep_x.yml").write_text(start.endpoints, "utf-8")
    found = next((one for one in DEVIATIONS if one.applies(start)), None)
    scores.append(f"{file}: {found.name if found else 'as recorded'}")
    wanted = found.status if found else start.status
    line = shlex.split(start.command)
    if wanted:
        done = run(*line, folder=bot, command=old("rasa_core.run"), env=VARIABLES)
        assert done.status == wanted, done.err
        assert "Traceback" not in done.err
        return
    with serving(*line, folder=bot, command=old("rasa_core.run"), env=VARIABLES) as server:
        assert server.client.version().version
        if start.status == 0:
            await answers_are_the_recorded_ones(file, server, scores)


def test_a_start_waits_for_its_tracker_store(
    trained: Path, tmp_path: Path, scores: list[str]
) -> None:
    """The recorded server starts, and answers every message with 500."""
    start = read_start(RECORDINGS / f"{WAITING}.jsonl")
    assert start.endpoints is not None
    bot = Path(shutil.copytree(trained, tmp_path / "mood"))
    (bot / "ep_x.yml").write_text(start.endpoints, "utf-8")
    log = bot / "start.log"
    command = [*old("rasa_core.run"), *shlex.split(start.command), "--port", "0"]
    with log.open("wb") as out, subprocess.Popen(command, cwd=bot, stderr=out) as process:
        deadline = time.monotonic() + 120
        while "T601: Redis at 127.0.0.1:1/0 does not answer" not in log.read_text("utf-8"):
            assert process.poll() is None, log.read_text("utf-8")
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "serving" not in log.read_text("utf-8")
        process.kill()
    scores.append(f"{WAITING}: by rule (a start waits for its tracker store)")


def read_start(path: Path) -> Start:
    """Return how a recording began, with the recorded port left out."""
    meta, note = (json.loads(line) for line in path.read_text("utf-8").splitlines()[:2])
    _, _, command = meta["_meta"]["start_cmd"].partition("rasa_core.run ")
    line = command.rpartition(" -p ")[0]
    return Start(line, meta["_meta"].get("endpoints.yml"), note["_note"].get("exit") or 0)


async def answers_are_the_recorded_ones(file: str, server: Server, scores: list[str]) -> None:
    async def before(exchange: Exchange) -> None:
        return None

    async with httpx2.AsyncClient(base_url=server.base) as client:
        score = await replay(
            file,
            read_exchanges(RECORDINGS / f"{file}.jsonl"),
            client,
            RULES,
            before=before,
            overruled=set(),
        )
    scores.append(str(score))
    assert not score.differences, "\n".join(score.differences)
