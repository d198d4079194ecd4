"""What ordering one turn between processes costs: a byte-range lock, or asking a lock server.

    python benchmarks/locks.py

The server is the cheapest that keeps order: a process that answers lines over a Unix socket, on the
same event loop as ours. CPU time counts both processes.
"""

import asyncio
import os
import socket
import sys
import tempfile
import time

import uvloop

from tertulia.adapters.locks.byte_ranges import SIZE, ByteRangeLocks

_TIMES = 20_000
_SERVER = """
import asyncio, socket, sys, time, uvloop
async def main():
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=int(sys.argv[1])))
    before = time.process_time()
    while line := await reader.readline():
        if line == b"stop\\n":
            break
        writer.write(line)
    writer.write(f"{time.process_time() - before}\\n".encode())
    await writer.drain()
uvloop.run(main())
"""


async def byte_ranges() -> tuple[float, float]:
    """Return CPU and wall microseconds of a free conversation, held and let go."""
    with tempfile.TemporaryFile() as file:
        os.ftruncate(file.fileno(), SIZE)
        locks = ByteRangeLocks(file.fileno(), 1)
        names = [f"conversation-{number}" for number in range(1000)]
        cpu, wall = time.process_time(), time.perf_counter()
        for number in range(_TIMES):
            name = names[number % 1000]
            await locks.hold(name, patience=1.0)
            locks.release(name)
        return _micro(time.process_time() - cpu), _micro(time.perf_counter() - wall)


async def server() -> tuple[float, float]:
    """Return the same for a question and its answer to lock, and a line to let go."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", _SERVER, str(theirs.fileno()), pass_fds=[theirs.fileno()]
        )
    reader, writer = await asyncio.open_connection(sock=ours)
    writer.write(b"warm\n")
    await reader.readline()
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(_TIMES):
        writer.write(b"hold conversation\n")
        await reader.readline()
        writer.write(b"free conversation\n")
        await reader.readline()
    took, waited = time.process_time() - cpu, time.perf_counter() - wall
    writer.write(b"stop\n")
    theirs_took = float(await reader.readline())
    await process.wait()
    writer.close()
    return _micro(took + theirs_took), _micro(waited)


def _micro(seconds: float) -> float:
    return seconds / _TIMES * 1e6


def main() -> None:
    for name, measure in (("byte-range locks", byte_ranges), ("lock server", server)):
        rounds = [uvloop.run(measure()) for _ in range(5)]
        cpu, wall = (min(values) for values in zip(*rounds, strict=True))
        print(f"{name:18} {cpu:6.1f} µs of CPU {wall:6.1f} µs of time")


if __name__ == "__main__":
    main()
