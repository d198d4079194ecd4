"""The process that fits a model for another one: `python -m tertulia.ml.apprentice PID`.

The task comes through standard input, the arrays of the model go to standard output. It ends when
the process that asked, PID, does, however that dies.
"""

import os
import signal
import sys
import threading
import time

from tertulia.ml.orders import Task
from tertulia.ml.safetensors import write_arrays

_LOOK = 0.5
"""Seconds between two looks at who asked."""


def main(asker: int) -> None:
    """Fit what is asked for."""
    # Ctrl-C reaches all processes of a terminal; the one that asked decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(asker,), name="asker", daemon=True).start()
    model = Task.unpacked(sys.stdin.buffer.read()).fitted()
    sys.stdout.buffer.write(write_arrays(model.arrays))
    sys.stdout.buffer.flush()


def _end_with(asker: int) -> None:
    while os.getppid() == asker:
        time.sleep(_LOOK)
    os._exit(1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
