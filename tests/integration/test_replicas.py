"""Several servers on one PostgreSQL behind a plain load balancer: order, duties, restarts."""

import asyncio
import json
import shutil
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tertulia.core.feed import forgotten_id
from tests.conformance.stores.servers import OWN, POSTGRES, need, postgres
from tests.integration.balancer import Balancer
from tests.integration.programs import Server, run, serving

Json = Any
DATABASE = f"{OWN}_replicas"
CONFIG = "recipe: default.v1\nlanguage: en\npipeline: []\npolicies:\n- name: RulePolicy\n"
DOMAIN = """version: "3.1"
intents: [say, ring]
responses:
  utter_said:
  - text: said
  utter_rung:
  - text: rung
"""
RULES = """version: "3.1"
rules:
- rule: say
  steps: [{intent: say}, {action: utter_said}]
- rule: ring
  steps: [{intent: ring}, {action: utter_rung}]
"""
ENDPOINTS = f"""tracker_store:
  type: SQL
  dialect: postgresql
  url: {POSTGRES[0]}
  username: postgres
  db: {DATABASE}
  login_db: postgres
  pool_size: 4
"""
Start = Callable[..., AbstractContextManager[Server]]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    need("PostgreSQL", POSTGRES)
    folder = tmp_path_factory.mktemp("replicas") / "bot"
    (folder / "data").mkdir(parents=True)
    (folder / "config.yml").write_text(CONFIG)
    (folder / "domain.yml").write_text(DOMAIN)
    (folder / "data" / "rules.yml").write_text(RULES)
    (folder / "endpoints.yml").write_text(ENDPOINTS)
    done = run("train", folder=folder)
    assert done.status == 0, done.err
    yield folder
    asyncio.run(postgres(f'DROP DATABASE IF EXISTS "{DATABASE}" WITH (FORCE)'))


@pytest.fixture
def start(trained: Path, tmp_path: Path) -> Start:
    numbers = iter(range(100))

    def started(more: str = "") -> AbstractContextManager[Server]:
        folder = shutil.copytree(trained, tmp_path / f"replica-{next(numbers)}")
        (folder / "endpoints.yml").write_text(ENDPOINTS + more)
        return serving("--enable-api", folder=folder)

    return started


def texts(server: Server, sender_id: str) -> list[str]:
    """Return what the user said, as the server shows it."""
    _, tracker = server.ask(f"/conversations/{sender_id}/tracker?include_events=ALL")
    return [event["text"] for event in tracker["events"] if event["event"] == "user"]


def post(base: str, sender_id: str, text: str) -> tuple[int, Json]:
    body = json.dumps({"sender": sender_id, "message": text}).encode()
    request = urllib.request.Request(
        f"{base}/webhooks/rest/webhook", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def wait_until(true: Callable[[], bool], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_each_server_goes_on_from_what_another_has_stored(start: Start) -> None:
    with start() as first, start() as second:
        for number in range(6):
            server = (first, second)[number % 2]
            assert server.say(f'/say{{"n": "{number}"}}', "alternating") == ["said"]
            for each in (first, second):
                said = texts(each, "alternating")
                assert said == [f'/say{{"n": "{n}"}}' for n in range(number + 1)]
        assert "conflict" not in first.log + second.log


def test_turns_of_one_conversation_that_arrive_at_two_servers_follow_one_another(
    start: Start,
) -> None:
    with start() as first, start() as second, ThreadPoolExecutor(8) as threads:
        sent = [
            threads.submit(post, (first, second)[n % 2].base, "crowded", f'/say{{"n": "{n}"}}')
            for n in range(24)
        ]
        assert [each.result()[0] for each in sent] == [200] * 24
        assert sorted(texts(first, "crowded")) == sorted(f'/say{{"n": "{n}"}}' for n in range(24))
        _, tracker = second.ask("/conversations/crowded/tracker?include_events=ALL")
    kinds = [event["event"] for event in tracker["events"] if event["event"] in ("user", "bot")]
    assert kinds == ["user", "bot"] * 24


RETENTION = """
retention:
  idle_days: 0.00003
  every: 0.5
"""


def test_an_idle_conversation_is_forgotten_once_also_when_the_server_with_the_duty_dies(
    start: Start,
) -> None:
    def known(prefix: str) -> list[str]:
        _, ids = others[0].ask("/conversations")
        return [each for each in ids if each.startswith(prefix)]

    def say(prefix: str) -> None:
        for number in range(6):
            assert post(others[number % 2].base, f"{prefix}{number}", "/say")[0] == 200

    with ExitStack() as stack:
        others = [stack.enter_context(start(RETENTION)) for _ in range(2)]
        say("first")
        wait_until(lambda: not known("first"))
        leader = next(each for each in others if "duty 'retention'" in each.log)
        leader.process.kill()
        leader.process.wait(30)
        others = [each for each in others if each is not leader] * 2
        say("then")
        wait_until(lambda: not known("then"))
        assert "duty 'retention'" in others[0].log
    ids = [f"{prefix}{number}" for prefix in ("first", "then") for number in range(6)]
    names = ", ".join(f"'{forgotten_id(each)}'" for each in ids)
    notes = asyncio.run(
        postgres(
            f"SELECT count(*), count(DISTINCT sender_id) FROM tertulia_feed "
            f"WHERE kind = 'erased' AND sender_id IN ({names})",
            database=DATABASE,
        )
    )
    assert notes == [(12, 12)]


def test_a_reminder_fires_once_among_servers_and_another_one_takes_over(start: Start) -> None:
    def remind(server: Server, name: str) -> None:
        due = datetime.now(UTC) + timedelta(seconds=1)
        event = {
            "event": "reminder",
            "name": name,
            "intent": "ring",
            "date_time": due.isoformat(),
            "kill_on_user_msg": False,
        }
        path = "/conversations/reminded/tracker/events?execute_side_effects=true"
        assert server.ask(path, event)[0] == 200

    def rung(server: Server) -> int:
        return texts(server, "reminded").count("EXTERNAL: ring")

    with start() as first, start() as second:
        leader, other = (first, second) if "duty 'reminders'" in first.log else (second, first)
        remind(other, "one")
        wait_until(lambda: rung(other) == 1)
        remind(leader, "two")
        leader.stop(signal.SIGKILL)
        wait_until(lambda: rung(other) == 2)
        time.sleep(2)
        assert rung(other) == 2


def test_servers_are_restarted_one_after_the_other_without_a_failed_turn(start: Start) -> None:
    talkers, failed = 4, list[object]()
    counts = [0] * talkers
    over = False

    def eight_more() -> None:
        before = sum(counts)
        wait_until(lambda: sum(counts) > before + 8)

    def talk(number: int, base: str) -> None:
        while not over:
            counts[number] += 1
            text = f'/say{{"n": "{counts[number]}"}}'
            status, answer = post(base, f"talker-{number}", text)
            if status != 200 or [message["text"] for message in answer] != ["said"]:
                failed.append((number, status, answer))

    with (
        Balancer().running() as balancer,
        start() as one,
        start() as two,
        ThreadPoolExecutor(talkers) as threads,
    ):
        balancer.servers = [one.base, two.base]
        talking = [threads.submit(talk, number, balancer.base) for number in range(talkers)]
        try:
            wait_until(lambda: min(counts) > 3)
            assert one.stop() == 0
            with start() as new_one:
                balancer.servers = [new_one.base, two.base]
                eight_more()
                assert two.stop() == 0
                with start() as new_two:
                    balancer.servers = [new_one.base, new_two.base]
                    eight_more()
                    over = True
                    for each in talking:
                        each.result()
                    logs = [texts(new_two, f"talker-{number}") for number in range(talkers)]
        finally:
            over = True
    assert failed == []
    assert balancer.passed_over > 0
    assert logs == [[f'/say{{"n": "{n + 1}"}}' for n in range(count)] for count in counts]
