"""The bot of the campaign, and servers of ours that serve it from one store."""

import asyncio
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

from services import free_port, wait_for_port

_TERTULIA = str(Path(sys.executable).with_name("tertulia"))
_FILES = {
    "config.yml": "recipe: default.v1\nassistant_id: faults\nlanguage: en\npipeline: []\n"
    "policies:\n  - name: RulePolicy\n",
    "domain.yml": 'version: "3.1"\nintents: [say, ring]\nresponses:\n'
    "  utter_said:\n    - text: Said.\n  utter_ring:\n    - text: Ring ring.\n",
    "data/rules.yml": 'version: "3.1"\nrules:\n'
    "  - rule: say\n    steps: [{intent: say}, {action: utter_said}]\n"
    "  - rule: ring\n    steps: [{intent: ring}, {action: utter_ring}]\n",
}


def train(folder: Path) -> None:
    """Write the bot into a folder and train it."""
    for name, text in _FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    subprocess.run((_TERTULIA, "train"), cwd=folder, check=True, stdout=subprocess.DEVNULL)


def on_postgres(port: int, sections: str) -> str:
    """Return an endpoints file. port: of the database. sections: all others."""
    return (
        "tracker_store:\n  type: SQL\n  dialect: postgresql\n  url: 127.0.0.1\n"
        f"  port: {port}\n  db: bot\n  login_db: postgres\n  username: postgres\n  timeout: 5\n"
        f"{sections}"
    )


def on_redis(port: int) -> str:
    """Return a section of locks in Redis."""
    return f"lock_store:\n  type: redis\n  url: 127.0.0.1\n  port: {port}\n  socket_timeout: 2\n"


def told_rabbit(port: int) -> str:
    """Return a section of a broker: RabbitMQ."""
    return (
        f"event_broker:\n  type: pika\n  url: 127.0.0.1\n  port: {port}\n  username: guest\n"
        "  password: guest\n  queues: told\n  retry_delay_in_seconds: 1\n  timeout: 5\n"
    )


def told_stream(port: int) -> str:
    """Return a section of a broker: a stream of Redis."""
    return (
        f"event_broker:\n  type: redis\n  url: 127.0.0.1\n  port: {port}\n  stream: told\n"
        "  timeout: 5\n"
    )


class Replica:
    """One server, on the same port each time it is started. folder: of the trained bot."""

    def __init__(self, name: str, folder: Path, endpoints: str) -> None:
        self.name = name
        self.port = free_port()
        self.is_paused = False
        self._folder = folder
        self._endpoints = folder / f"{name}.yml"
        self._endpoints.write_text(endpoints, "utf-8")
        self._process: subprocess.Popen[bytes] | None = None
        self._log = folder / f"{name}.log"

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Begin to start it; `ready` tells when it is there."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                (
                    *(_TERTULIA, "run", "--enable-api", "--insecure", "-i", "127.0.0.1"),
                    *("-p", str(self.port), "--endpoints", str(self._endpoints)),
                ),
                cwd=self._folder,
                stdout=log,
                stderr=log,
                env={**os.environ, "TICKET_LOCK_LIFETIME": "3"},
            )

    async def ready(self) -> None:
        """Wait until it listens."""
        await asyncio.to_thread(wait_for_port, self.port, 180.0)

    def restart_if_ended(self) -> None:
        """Start it again if it has ended, as whatever watches servers does."""
        if self._process is not None and self._process.poll() is not None:
            self.start()

    async def kill(self) -> None:
        """End it at once, and start it again."""
        await self._end(signal.SIGKILL)
        self.start()

    async def stop(self) -> None:
        """End it in good order."""
        await self._end(signal.SIGTERM)

    async def pause(self, seconds: float) -> None:
        """Let it not run for a while, as an overloaded machine does; it does not know."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._process.send_signal(signal.SIGCONT)

    def limit_files(self, size: int) -> None:
        """Let its files grow to so many bytes at the most; -1 takes the limit away."""
        if self._process is not None:
            resource.prlimit(self._process.pid, resource.RLIMIT_FSIZE, (size, -1))

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            await asyncio.to_thread(self._process.wait)
