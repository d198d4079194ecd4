"""Servers of this campaign's own, which may be killed: PostgreSQL, Redis, RabbitMQ."""

import getpass
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Protocol

_PATIENCE = 60.0
_ELSEWHERE = "/usr/lib/postgresql"


def free_port() -> int:
    """Return a port that stays free while its server is down: no connection begins from it."""
    while True:
        port = random.randint(15_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def wait_for_port(port: int, patience: float = _PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def program(name: str) -> str:
    """Return the path of a program; those of PostgreSQL are seldom on the search path."""
    found = shutil.which(name)
    if found is None:
        versions = sorted(Path(_ELSEWHERE).glob(f"*/bin/{name}"))
        found = str(versions[-1]) if versions else None
    if found is None:
        raise SystemExit(f"the campaign needs the program {name}")
    return str(Path(found).resolve()) if name in ("initdb", "pg_ctl") else found


class Service(Protocol):
    """A server that can be ended in any way and started again with what it kept."""

    port: int

    def start(self) -> None: ...

    def kill(self) -> None: ...


class Postgres:
    """One cluster of its own. It does not run as root, whoever runs the campaign."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self._data = place / "postgres"
        self._user = "postgres" if getpass.getuser() == "root" else None
        self._data.mkdir()
        if self._user is not None:
            place.chmod(0o755)
            shutil.chown(self._data, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "postgres", "-A", "trust", "-N")

    def start(self) -> None:
        options = f"-p {self.port} -k {self._data} -c listen_addresses=127.0.0.1"
        log = str(self._data / "log")
        self._run("pg_ctl", "-D", str(self._data), "-o", options, "-l", log, "-w", "start")

    def kill(self) -> None:
        """End it as a crash does: no checkpoint, every connection cut."""
        self._run("pg_ctl", "-D", str(self._data), "-m", "immediate", "-w", "stop")

    def _run(self, name: str, *arguments: str) -> None:
        # Its own folder: the user it runs as may not be allowed into ours.
        ended = subprocess.run(
            (program(name), *arguments),
            user=self._user,
            cwd=self._data,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_PATIENCE,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"{name} failed: {ended.stderr.decode()[-500:]}")


class Redis:
    """One server that writes each change to its file before it answers."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self._place = place / "redis"
        self._place.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        options = f"--port {self.port} --bind 127.0.0.1 --dir {self._place} --save"
        self._process = subprocess.Popen(
            (program("redis-server"), *options.split(), "", "--appendonly", "yes"),
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"]},
        )
        wait_for_port(self.port)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class Rabbit:
    """One RabbitMQ node that has nothing in common with one of the machine's own."""

    def __init__(self, place: Path) -> None:
        self.port = free_port()
        self._place = place / "rabbit"
        self._place.mkdir()
        (self._place / "rabbit.conf").write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        (self._place / "plugins").write_text("[].")
        self._process: subprocess.Popen[bytes] | None = None
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self._place),
            "RABBITMQ_NODENAME": f"faults{self.port}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_CONFIG_FILE": str(self._place / "rabbit.conf"),
            "RABBITMQ_CONFIG_FILES": str(self._place / "none"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_MNESIA_BASE": str(self._place / "data"),
            "RABBITMQ_LOG_BASE": str(self._place / "log"),
            "RABBITMQ_PID_FILE": str(self._place / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self._place / "plugins"),
        }

    def start(self) -> None:
        # The script that packages put in the path insists on a user and folders of its own.
        packaged = "lib/rabbitmq_server-*/sbin/rabbitmq-server"
        scripts = sorted(Path("/usr/lib/rabbitmq").glob(packaged))
        command = str(scripts[-1]) if scripts else program("rabbitmq-server")
        self._process = subprocess.Popen(
            (command,),
            env=self._environment,
            cwd=self._place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        wait_for_port(self.port, 180.0)

    def kill(self) -> None:
        """End the node at once, with the processes that it has started."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._wait_until_gone()

    def _wait_until_gone(self) -> None:
        """Wait for the last of its processes, and until its name may be used again."""
        with suppress(OSError):
            while True:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                time.sleep(0.05)
        time.sleep(1.0)
