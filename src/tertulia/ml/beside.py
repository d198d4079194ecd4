"""A model fitted in a second process, while this one fits another: Python computes one at a time.

What was learned is the same to the byte as if it had been fitted here, so where there is one core
only, or the process comes to nothing, it is. Data goes to the process and arrays come back; no code
does. Why not in threads is told in docs/adr/0026-two-cores-while-training.md.
"""

import os
import subprocess
import sys
from threading import Thread
from typing import IO, cast

from tertulia.base.errors import ModelError
from tertulia.ml.orders import Task
from tertulia.ml.parts import Parts
from tertulia.ml.safetensors import read_arrays
from tertulia.ml.told import Told, unheard

# So many examples are worth a process, which takes a quarter of a second to begin.
_LARGE = 2000
_COMMAND = ("-P", "-m", "tertulia.ml.apprentice")


class Beside:
    """A model under way. examples: how many it learns from; of few it is fitted here."""

    def __init__(self, task: Task, *, examples: int) -> None:
        self._task = task
        self._answer = b""
        self._thread: Thread | None = None
        if examples >= _LARGE and sys.executable and cores() > 1:
            self._thread = Thread(target=self._ask, name="fitting beside", daemon=True)
            self._thread.start()

    @property
    def is_begun(self) -> bool:
        """Whether a process is at it, or was."""
        return self._thread is not None

    def parts(self, told: Told = unheard) -> Parts:
        """Return the model; waits for the process, or fits it now. told: how far that is."""
        if self._thread is not None:
            self._thread.join()
        try:
            return Parts(arrays=read_arrays(self._answer))
        except ModelError:
            return self._task.fitted(told)

    def _ask(self) -> None:
        command = (sys.executable, *_COMMAND, str(os.getpid()))
        try:
            with subprocess.Popen(  # noqa: S603 - this interpreter, and a module of this package
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            ) as process:
                # The process reads all before it writes; what it has read need not stay here.
                with cast(IO[bytes], process.stdin) as entrance:
                    entrance.write(self._task.packed())
                answer = cast(IO[bytes], process.stdout).read()
        except OSError:
            return
        self._answer = answer if process.returncode == 0 else b""


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
