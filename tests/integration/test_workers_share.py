"""What processes that serve together share besides conversations: live streams and jobs."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.http.trained import trained
from tests.integration.programs import connected, serving
from tests.integration.test_model_jobs import LONG, begin_training, children_of, post
from tests.integration.test_workers import all_serve, until, worker_ids


@pytest.fixture
def bot(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "m.tar.gz").write_bytes(trained())
    return tmp_path


def together(bot: Path, *args: str) -> Any:
    return serving("--enable-api", "--workers", "3", *args, folder=bot)


def test_a_stream_is_taken_up_at_another_worker_where_it_broke(bot: Path) -> None:
    with together(bot) as server, connected(server.base, attempts=20) as client:
        all_serve(server)
        me = client.conversation("me")
        me.say("hi")
        stream = client.follow(after=0)
        seen = [next(stream)]
        for victim in worker_ids(server):
            os.kill(victim, signal.SIGKILL)
            until(lambda gone=victim: gone not in worker_ids(server))
            me.say("hi")
        seen += [next(stream) for _ in range(me.export().version - 1)]
        assert [each.seq for each in seen] == list(range(1, len(seen) + 1))
        assert sum(1 for each in seen if (each.event or {}).get("event") == "user") == 4
        assert server.stop() == 0


def test_every_worker_tells_the_jobs_of_all_and_none_takes_one_too_many(bot: Path) -> None:
    def told() -> int:
        return server.client.status().num_active_training_jobs

    (bot / "endpoints.yml").write_text("limits:\n  jobs: 1\n")
    options = ("--endpoints", "endpoints.yml")
    with together(bot, *options) as server, begin_training(server, LONG):
        all_serve(server)
        until(lambda: told() == 1)
        assert {told() for _ in range(20)} == {1}
        refused = [post(server, "/model/train", LONG) for _ in range(10)]
        assert {(status, answer["error_code"]) for status, answer in refused} == {(503, "T650")}
        (busy,) = [pid for pid in worker_ids(server) if children_of(pid)]
        os.kill(busy, signal.SIGKILL)
        until(lambda: told() == 0)
        assert server.stop() == 0
