"""What the machine is, and what a process on it takes: memory, CPU time. Linux only."""

import os
import platform
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024


def cpu_seconds(pid: int) -> float:
    """Return the CPU seconds, user and system, of a process's living threads.

    From the scheduler's own account in nanoseconds; the clock ticks of /proc/PID/stat are 10 ms.
    """
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            total += int(Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()[0])
        except FileNotFoundError:
            continue  # the thread ended just now
    return total / 1e9


def memory_mib(pid: int) -> tuple[float, float]:
    """Return RSS and PSS in MiB: all the process sees, and its share of what it shares."""
    sizes = {"Rss": 0, "Pss": 0}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        found = re.match(r"(Rss|Pss): +(\d+) kB", line)
        if found:
            sizes[found[1]] = int(found[2])
    return sizes["Rss"] / 1024, sizes["Pss"] / 1024


@dataclass(frozen=True)
class Finished:
    """A program that ran to its end. wall, cpu: seconds. peak: largest RSS in MiB."""

    wall: float
    cpu: float
    peak: float
    output: str


def run_to_end(
    command: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> Finished:
    """Run a program and return what it took.

    Raises:
        RuntimeError: it failed; the message is the end of what it printed.
    """
    log = folder / "benchmark-command.log"
    begun = time.perf_counter()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command,
            cwd=folder,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
        )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    output = log.read_text(errors="replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{output[-2000:]}")
    return Finished(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def facts() -> dict[str, str | int | float]:
    """Return what figures depend on besides the program."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load average at start": round(os.getloadavg()[0], 2),
        "taken": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
    }


def _processor() -> str:
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()
