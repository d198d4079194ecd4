"""Many messages and many exchanges of the model: does memory stay flat?

    python benchmarks/soak.py [--messages 100000] [--swaps 200] [--clients 8] [--limit 1800]

One server process, started as a person starts it. The model is exchanged evenly among the messages.
After a fifth of both, which is the time to warm up, memory is taken after every exchange. Prints a
report and ends with status 1 when memory grew by more than 5 %, a request failed, or the time was
over before all was done.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from machine import cpu_seconds, memory_mib
from swapping import Seen, Served, lead, serve, swap, train_two

GROWTH = 0.05
WARM = 0.2


async def main() -> int:
    """Soak, report, and return the exit status."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="soak-") as place:
        folder = await asyncio.to_thread(train_two, Path(place))
        with serve(folder) as served:
            return await soak(served, options)


async def soak(served: Served, options: argparse.Namespace) -> int:
    """Return the exit status."""
    seen, memory = Seen(), [memory_mib(served.pid)[0]]
    begun = time.perf_counter()
    deadline = begun + options.limit

    def is_over() -> bool:
        return len(seen.turns) >= options.messages or time.perf_counter() > deadline

    async def operate() -> None:
        for number in range(1, options.swaps + 1):
            due = options.messages * number // (options.swaps + 1)
            while len(seen.turns) < due:
                if is_over():
                    return
                await asyncio.sleep(0.02)
            await swap(served, number, seen)
            memory.append(memory_mib(served.pid)[0])
            if number % 20 == 0:
                print(
                    f"{time.perf_counter() - begun:7.0f} s {len(seen.turns):>8} messages "
                    f"{number:>4} swaps {memory[-1]:7.1f} MiB",
                    flush=True,
                )

    leads = [
        lead(served, f"client-{number}", seen, until=is_over) for number in range(options.clients)
    ]
    await asyncio.gather(operate(), *leads)
    memory.append(memory_mib(served.pid)[0])
    return report(seen, memory, options, time.perf_counter() - begun, cpu_seconds(served.pid))


def report(
    seen: Seen, memory: list[float], options: argparse.Namespace, wall: float, cpu: float
) -> int:
    """Print what was seen and return the exit status."""
    warm = memory[int(len(memory) * WARM) :]
    tenth = max(1, len(warm) // 10)
    first, last = statistics.median(warm[:tenth]), statistics.median(warm[-tenth:])
    growth = last / first - 1
    is_whole = len(seen.turns) >= options.messages and len(seen.swaps) >= options.swaps
    print(f"messages  {len(seen.turns)} of {options.messages}, failed {len(seen.failures)}")
    print(f"swaps     {len(seen.swaps)} of {options.swaps}")
    print(f"time      {wall:.0f} s, CPU of the server {cpu:.0f} s")
    print(f"memory    at the start {memory[0]:.1f}, warm {first:.1f}, at the end {last:.1f} MiB")
    print(f"growth    {growth:+.1%} after the warm-up   (goal: at most {GROWTH:.0%})")
    for failure in seen.failures[:3]:
        print(failure)
    return 0 if is_whole and growth <= GROWTH and not seen.failures else 1


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--swaps", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds, whatever is done")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
