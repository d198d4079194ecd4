"""One and two servers on one PostgreSQL: messages a second, p99, and what a turn costs by its past.

    python benchmarks/replicas.py [--conversations 1000 100000] [--events 10 1000 10000 100000]
    python benchmarks/replicas.py --rasa /path/to/python     # and rasa 3.6.21 beside it

PostgreSQL is a cluster of this program's own, with its usual settings (`fsync` on). Conversations
are talked through once and copied in the table `events`, which all engines share; each then gets
turns, one after the other at the next server, as behind a balancer that knows nothing of them.
"""

import argparse
import asyncio
import os
import random
import shutil
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import asyncpg
from bots import INTENT, STARTER
from engines import Engine, Server, rasa, serve, tertulia
from faults.services import Postgres
from load import Outcome
from machine import cpu_seconds

_SCRIPT = INTENT.script[2:]
"""What rules answer. What a learned policy answers depends on the past: the original, asked in the
middle of a conversation that its stories do not have, greets with its fallback."""

_CLIENTS = 16
_TURNS = 4
_MEASURED, _MEASURED_BESIDE = 40, 8
_LED = 5


@dataclass(frozen=True)
class Kept:
    """A database for one engine's conversations."""

    port: int
    name: str

    @property
    def endpoints(self) -> str:
        return (
            "tracker_store:\n  type: SQL\n  dialect: postgresql\n  url: 127.0.0.1\n"
            f"  port: {self.port}\n  db: {self.name}\n  username: postgres\n  password: none\n"
            "  login_db: postgres\n"
        )

    def do(self, *statements: str) -> None:
        """Perform statements."""

        async def perform() -> None:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user="postgres", database=self.name
            )
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        asyncio.run(perform())

    def ask(self, query: str) -> int:
        """Return the number that a query finds."""

        async def perform() -> int:
            connection = await asyncpg.connect(
                host="127.0.0.1", port=self.port, user="postgres", database=self.name
            )
            try:
                return int(await connection.fetchval(query))
            finally:
                await connection.close()

        return asyncio.run(perform())

    def copy_conversations(self, begin: str, count: int) -> None:
        """Make so many conversations out of `template`."""
        self.do(_COPY.format(name=f"'{begin}-' || n", times=count, long="false"), "ANALYZE events")

    def copy_events(self, name: str, times: int) -> None:
        """Make one conversation that says so many times what `template` says."""
        self.do(_COPY.format(name=f"'{name}'", times=times, long="true"), "ANALYZE events")

    def drop(self) -> None:
        """Forget everything."""
        other = Kept(self.port, "postgres")
        other.do(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")


_COPY = """WITH told AS (
    SELECT *, row_number() OVER (ORDER BY id) AS place,
      max(id) FILTER (WHERE type_name = 'session_started') OVER () AS begun,
      max(timestamp) OVER () - min(timestamp) OVER () + 1 AS took
    FROM events WHERE sender_id = 'template')
  INSERT INTO events (sender_id, type_name, timestamp, intent_name, action_name, data)
  SELECT {name}, type_name, timestamp - later, intent_name, action_name,
    jsonb_set(data::jsonb, '{{timestamp}}', to_jsonb(timestamp - later))::text
  FROM told CROSS JOIN generate_series(1, {times}) AS n
  CROSS JOIN LATERAL (
    SELECT (CASE WHEN {long} THEN {times} - n ELSE 0 END) * took AS later) AS shift
  WHERE n = 1 OR NOT {long} OR id > begun
  ORDER BY n, place"""
"""The original sorts events by their times, and looks at the newest session only. So the parts of
one long conversation follow each other in time, and have one session."""


@contextmanager
def serving(engine: Engine, kept: Kept, place: Path, count: int) -> Iterator[Sequence[Server]]:
    """Start so many servers of a bot that is trained once."""
    engine = replace(engine, endpoints=kept.endpoints, database=None)
    trained = place / engine.name / STARTER.name
    if not (trained / "models").is_dir():
        engine.train(engine.prepare(STARTER, place / engine.name))
    with ExitStack() as stack:
        servers: list[Server] = []
        for number in range(count):
            folder = place / f"{engine.name}-{number}"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(trained, folder)
            servers.append(stack.enter_context(serve(engine, folder, _SCRIPT[0])))
        yield servers


def drive(servers: Sequence[Server], names: Sequence[str], turns: int, clients: int) -> Outcome:
    """Let the servers take turns of conversations; `server_cpu` is that of all of them."""
    before = sum(cpu_seconds(server.pid) for server in servers)
    others = [server.port for server in servers[1:]]
    outcome = servers[0].drive(_SCRIPT, names, turns, clients=clients, others=others)
    outcome.server_cpu = sum(cpu_seconds(server.pid) for server in servers) - before
    return outcome


def template(server: Server) -> None:
    """Talk one conversation through; its length is that of the script."""
    server.drive(_SCRIPT, ["template"], len(_SCRIPT))


def many(servers: Sequence[Server], kept: Kept, sizes: Sequence[int], messages: int) -> None:
    """Measure the rate among ever more conversations."""
    chance = random.Random(1)
    for size in sizes:
        kept.copy_conversations(f"live{size}", size)
        chosen = chance.sample(range(1, size + 1), min(size, messages // _TURNS + 50))
        names = [f"live{size}-{number}" for number in chosen]
        drive(servers, names[:50], 1, _CLIENTS)
        outcome = drive(servers, names[50:], _TURNS, _CLIENTS)
        took = sorted(each for led in outcome.latencies for each in led)
        p99 = took[int(len(took) * 0.99)]
        print(
            f"{_who(servers)}, {size:>7} conversations: {len(took) / outcome.wall:6.0f} messages/s,"
            f" p50 {statistics.median(took):6.1f} ms, p99 {p99:7.1f} ms,"
            f" {outcome.server_cpu / len(took) * 1e3:5.2f} ms of CPU a message"
            f" ({len(took)} messages)",
            flush=True,
        )


def long(
    servers: Sequence[Server], kept: Kept, lengths: Sequence[int], turns: int = _MEASURED
) -> None:
    """Measure a turn of ever longer conversations, after the first one, which loads it."""
    of_template = kept.ask("SELECT count(*) FROM events WHERE sender_id = 'template'")
    for length in lengths:
        names = [f"long{length}-{number}" for number in range(_LED)]
        for name in names:
            kept.copy_events(name, max(1, length // of_template))
        first = drive(servers, names, len(servers), 1)
        outcome = drive(servers, names, turns, 1)
        took = [each for led in outcome.latencies for each in led]
        loading = statistics.median(led[0] for led in first.latencies)
        print(
            f"{_who(servers)}, {length:>7} events: first turn {loading:8.1f} ms,"
            f" then {statistics.median(took):6.1f} ms (medians),"
            f" {outcome.server_cpu / len(took) * 1e3:5.2f} ms of CPU ({len(took)} messages)",
            flush=True,
        )


def _who(servers: Sequence[Server]) -> str:
    return f"{servers[0].engine.name} x{len(servers)}"


def measure(
    engine: Engine,
    counts: Sequence[int],
    place: Path,
    options: argparse.Namespace,
    *,
    beside: bool = False,
) -> None:
    """Measure an engine. beside: the original: shorter conversations and fewer turns for it."""
    lengths = options.rasa_events if beside else options.events
    for count in counts:
        kept = Kept(options.port, f"bot_{engine.name}")
        with serving(engine, kept, place, count) as servers:
            template(servers[0])
            many(servers, kept, options.conversations, options.messages)
            long(servers, kept, lengths, _MEASURED_BESIDE if beside else _MEASURED)
            size = kept.ask("SELECT pg_total_relation_size('events') / count(*) FROM events")
            per_message = kept.ask(
                "SELECT count(*) FROM events WHERE sender_id = 'template'"
            ) / len(_SCRIPT)
            print(f"{size} bytes an event with indexes, {per_message:.1f} events a message")
        kept.drop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--conversations", type=int, nargs="*", default=[1000, 100_000])
    parser.add_argument("--events", type=int, nargs="*", default=[10, 1000, 10_000, 100_000])
    parser.add_argument("--rasa-events", type=int, nargs="*", default=[10, 1000, 10_000])
    parser.add_argument("--messages", type=int, default=4000)
    parser.add_argument("--replicas", type=int, nargs="*", default=[1, 2])
    parser.add_argument("--rasa", type=Path, help="a Python with rasa 3.6.21 and psycopg2")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="replicas-") as made:
        place = Path(made)
        place.chmod(0o755)  # PostgreSQL runs as another user
        postgres = Postgres(place)
        postgres.start()
        options.port = postgres.port
        try:
            print(f"load average {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
            measure(tertulia(), options.replicas, place, options)
            if options.rasa is not None:
                measure(rasa(options.rasa, sqlite=False), [1], place, options, beside=True)
            print(f"load average {os.getloadavg()[0]:.1f}")
        finally:
            postgres.kill()


if __name__ == "__main__":
    main()
