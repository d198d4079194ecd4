"""The program of one worker: `python -m tertulia.cli.worker`, started by the supervisor alone.

Its arguments are the descriptors that it inherits: the socket to serve, the file of the locks, and
the line to the supervisor, which tells everything else.
"""

import os
import sys

from tertulia.base.current import PROCESS
from tertulia.cli.border import guarded
from tertulia.cli.logs import log_as_chosen
from tertulia.cli.serving import read_options, serve_seated
from tertulia.server.run import run
from tertulia.server.workers.seat import Seat


async def _work(bound: int, locks: int, link: int) -> None:
    seat = await Seat.take(bound, locks, link)
    PROCESS.worker = seat.index
    log_as_chosen(seat.told["log"])
    await serve_seated(read_options(seat.told["options"]), seat)


def main(descriptors: list[int]) -> int:
    """Serve until the supervisor says otherwise; return the exit status."""
    bound, locks, link = descriptors
    run(_work(bound, locks, link))
    return 0


if __name__ == "__main__":
    # As in the command itself: a project's own components are found, after everything installed.
    sys.path.append(os.getcwd())
    sys.exit(guarded(lambda: main([int(word) for word in sys.argv[1:]])))
