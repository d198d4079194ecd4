"""What exchanging the model does to those who talk meanwhile, and to memory.

    python benchmarks/model_swap.py [--swaps 20] [--clients 8] [--rounds 4] [--seconds 3]

One server process, started as a person starts it. In turn, clients talk undisturbed, and talk while
the model is exchanged several times a second. Prints p50 and p99 of both, their ratio, how many
requests failed, how long an exchange took, and the memory after the first and the last exchange.
The machine's other work meets both halves of each round; the ratio is what counts.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from machine import memory_mib
from report import percentile
from swapping import Seen, Served, Turn, lead, serve, swap, talk, train_two


async def main() -> None:
    """Measure and print."""
    options = parse()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as place:
        folder = await asyncio.to_thread(train_two, Path(place))
        with serve(folder) as served:
            await measure(served, options)


async def measure(served: Served, options: argparse.Namespace) -> None:
    """Take the rounds and print what they showed."""
    calm, disturbed = Seen(), Seen()
    memory: list[float] = []
    await warm(served, options)
    swaps = -(-options.swaps // options.rounds)
    for number in range(options.rounds):
        await together(served, calm, options, f"calm-{number}", 0)
        await together(served, disturbed, options, f"swap-{number}", swaps, memory)
    during = [turn for turn in disturbed.turns if is_during(turn, disturbed)]
    for label, turns in (("undisturbed", calm.turns), ("while a model is exchanged", during)):
        took = [turn.took for turn in turns]
        figures = f"p50 {percentile(took, 0.5):6.2f} ms   p99 {percentile(took, 0.99):6.2f} ms"
        print(f"{label:<28} {len(took):>7} turns   {figures}")
    p99 = [percentile([turn.took for turn in turns], 0.99) for turns in (calm.turns, during)]
    took = [(each.ended - each.began) * 1e3 for each in disturbed.swaps]
    print(f"p99 ratio                    {p99[1] / p99[0]:.2f}   (goal: at most 2)")
    print(f"exchanges                    {len(took)}, median {statistics.median(took):.1f} ms")
    failures = [*calm.failures, *disturbed.failures]
    print(f"failed requests              {len(failures)} of {len(calm.turns + disturbed.turns)}")
    growth = memory[-1] / memory[0]
    print(f"memory after exchange 1, {len(memory)}   {memory[0]:.1f}, {memory[-1]:.1f} MiB")
    print(f"memory ratio                 {growth:.3f}   (goal: at most 1.1)")
    for failure in failures[:3]:
        print(failure)


async def warm(served: Served, options: argparse.Namespace) -> None:
    """Talk until the server holds as many conversations in memory as it ever will."""
    seen = Seen()
    leads = [
        lead(served, f"warm-{number}", seen, until=lambda: len(seen.turns) >= options.warm)
        for number in range(options.clients)
    ]
    await asyncio.gather(*leads)


async def together(
    served: Served,
    seen: Seen,
    options: argparse.Namespace,
    name: str,
    swaps: int,
    memory: list[float] | None = None,
) -> None:
    """Let all clients talk for a while, and exchange the model so often meanwhile."""
    end = time.perf_counter() + options.seconds

    async def operate() -> None:
        for _ in range(swaps):
            await asyncio.sleep(options.seconds / (swaps + 1))
            await swap(served, len(seen.swaps) + 1, seen)
            if memory is not None:
                memory.append(memory_mib(served.pid)[0])

    talks = [
        talk(
            served,
            f"{name}-{number}",
            seen,
            until=lambda: time.perf_counter() > end,
            pause=options.pause / 1e3,
        )
        for number in range(options.clients)
    ]
    await asyncio.gather(operate(), *talks)


def is_during(turn: Turn, seen: Seen) -> bool:
    """Tell whether a turn began during an exchange.

    Not whether they overlap: the longer a turn, the likelier that would be.
    """
    return any(each.began <= turn.began < each.ended for each in seen.swaps)


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--swaps", type=int, default=20, help="in all")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each half of a round")
    parser.add_argument("--warm", type=int, default=10_000, help="messages before it counts")
    parser.add_argument("--pause", type=float, default=10.0, help="ms between a client's turns")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())
