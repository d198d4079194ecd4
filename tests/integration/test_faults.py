"""A short campaign of faults: servers die under load, and nothing that was answered is lost."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CAMPAIGN = ROOT / "benchmarks" / "faults" / "campaign.py"
REPORT = ROOT / "benchmarks" / "FAULTS.json"


def need_programs() -> None:
    has_postgres = shutil.which("initdb") or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    missing = [] if has_postgres else ["PostgreSQL"]
    missing += [] if shutil.which("redis-server") else ["Redis"]
    missing += [] if shutil.which("rabbitmq-server") else ["RabbitMQ"]
    if missing:
        reason = f"the programs of {' and '.join(missing)} are not on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


@pytest.mark.timeout(700)
def test_twenty_faults_lose_nothing(tmp_path: Path) -> None:
    need_programs()
    out = tmp_path / "report.json"
    options = ("--faults", "20", "--talkers", "4", "--limit", "60", "--out", str(out))
    done = subprocess.run(
        (sys.executable, str(CAMPAIGN), *options),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    rounds = json.loads(out.read_text("utf-8"))["rounds"]
    assert sum(sum(each["faults"].values()) for each in rounds) == 20
    assert all(each["messages"] > 0 and not each["lost"] for each in rounds)
    assert all(each["told"] >= each["events"] for each in rounds[:2])


def test_the_report_that_is_kept_is_of_a_whole_campaign() -> None:
    rounds = json.loads(REPORT.read_text("utf-8"))["rounds"]
    assert sum(sum(each["faults"].values()) for each in rounds) >= 200
    assert [each["lost"] for each in rounds] == [[], [], []]
