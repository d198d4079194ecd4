"""An unmodified rasa-sdk in an environment of its own, as a real action server."""

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SDK = "rasa-sdk==3.21.1"


def find_sdk() -> Path:
    """Return a Python that has rasa-sdk: of RASA_SDK_PYTHON, or made once in `.tools/rasa-sdk`."""
    if named := os.environ.get("RASA_SDK_PYTHON"):
        return Path(named)
    folder = ROOT / ".tools" / "rasa-sdk"
    python = folder / "bin" / "python"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "rasa-sdk.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(folder, python)
    return python


def _install(folder: Path, python: Path) -> None:
    marker = folder / f"{SDK}.installed"
    if not marker.is_file():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        install = [python, "-m", "pip", "install", "--quiet", SDK]
        done = subprocess.run(install, capture_output=True, encoding="utf-8", check=False)
        if done.returncode and not os.environ.get("CI"):
            pytest.skip(f"{SDK} cannot be installed here: {done.stderr[-200:]}")
        assert done.returncode == 0, done.stderr
        marker.touch()


@contextmanager
def sdk_server(python: Path, bot: Path, package: str = "actions_rasa_sdk") -> Iterator[str]:
    """Serve a package of actions in `bot`; give the address of the webhook."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [python, "-m", "rasa_sdk", "--actions", package, "--port", str(port)]
    with (bot / "sdk-output.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=bot, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, (bot / "sdk-output.log").read_text()
                assert time.monotonic() < deadline, "the action server does not answer"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/webhook"
    finally:
        process.terminate()
        process.wait(30)
