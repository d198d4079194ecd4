"""The process of one job: `python -m tertulia.jobs.child FOLDER`.

It works below the server in priority, and ends when the server does, however that dies: its
standard input is held open by the server and by nobody else.
"""

import os
import sys
import threading
from pathlib import Path

from tertulia.base.trust import foreign
from tertulia.jobs.order import Answer, Order, StoriesOrder, TrainOrder, read_order, write_answer

_NICENESS = 10


def main(folder: Path) -> None:
    """Do what the folder's order says, and leave the answer there."""
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    threading.Thread(target=_end_with_the_server, name="parent", daemon=True).start()
    os.chdir(folder)
    with foreign():
        answer = perform(read_order(folder), folder)
    write_answer(folder, answer)


def perform(order: Order, folder: Path) -> Answer:
    """Return what came of an order."""
    # Each kind loads only what it needs: training nothing of tests, tests nothing of training.
    if isinstance(order, TrainOrder):
        from tertulia.jobs.train import train_order

        return train_order(order, folder)
    if isinstance(order, StoriesOrder):
        from tertulia.jobs import stories

        return stories.test_order(order, folder)
    from tertulia.jobs import intents

    return intents.test_order(order, folder)


def _end_with_the_server() -> None:
    # Not through `sys.stdin`: its lock, held by a waiting thread, would keep the end from coming.
    while os.read(0, 1024):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
