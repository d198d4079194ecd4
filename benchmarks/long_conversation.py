"""Whether a turn costs the same at the end of a long conversation as at its beginning."""

import statistics
from collections import defaultdict

from bots import TALKS, Talk
from engines import Server, forget_conversations, serve
from load import Outcome
from machine import memory_mib
from setting import Setting

NAME = "long conversation"
WINDOWS = {100: (51, 150), 1_000: (901, 1_100), 10_000: (9_801, 10_000)}
"""Turn to the turns around it whose median is taken, first and last."""

EARLY = (6, 15)
"""The same for turn 10, of several short conversations."""

_SHORT = 20
_MOST_REPEATS = 3


def measure(setting: Setting) -> None:
    """Lead one conversation as far as told, and short ones before and after it."""
    for talk in TALKS:
        folder = setting.trained(talk.bot)
        figures: dict[tuple[int, str], list[float]] = defaultdict(list)
        ratios: dict[str, list[float]] = defaultdict(list)
        growth: list[float] = []
        for _ in range(min(_MOST_REPEATS, setting.repeat)):
            forget_conversations(setting.engine, folder)
            with serve(setting.engine, folder, talk.script[0]) as server:
                found = _lead(server, talk, setting, growth)
            for key, value in found.items():
                figures[key].append(value)
            last = max(turn for turn, _ in found)
            for name in ("p50", "CPU"):
                ratios[f"{name} of turn {last:,} / turn 10"].append(
                    found[last, name] / found[10, name]
                )
        for (turn, name), values in sorted(figures.items(), key=lambda item: item[0][::-1]):
            setting.note(NAME, talk.name, f"{name} at turn {turn:,}", "ms", values)
        for name, values in ratios.items():
            setting.note(NAME, talk.name, name, "", values, "<= 1.2")
        setting.note(NAME, talk.name, "memory gained in the long one", "MiB", growth)


def _lead(
    server: Server, talk: Talk, setting: Setting, growth: list[float]
) -> dict[tuple[int, str], float]:
    """Return turn and name of a figure to the figure."""
    marks = {turn for first, last in WINDOWS.values() for turn in (first, last)}
    server.drive(talk.script, [f"warm-{n}" for n in range(20)], 10, seconds=setting.seconds)
    before = _short(server, talk, "before", setting.seconds)
    at_first = memory_mib(server.pid)[0]
    long = server.drive(
        talk.script, ["long"], setting.turns, marks=sorted(marks), seconds=setting.seconds * 8
    )
    growth.append(memory_mib(server.pid)[0] - at_first)
    after = _short(server, talk, "after", setting.seconds)
    found: dict[tuple[int, str], float] = {}
    first, last = EARLY
    early = [
        one for run in (before, after) for turns in run.latencies for one in turns[first - 1 :]
    ]
    spent = [
        (run.cpu[last] - run.cpu[first]) / (last - first) / _SHORT * 1e3 for run in (before, after)
    ]
    found[10, "p50"] = statistics.median(early)
    found[10, "CPU"] = statistics.mean(spent)
    took = long.latencies[0]
    for turn, (first, last) in WINDOWS.items():
        if last <= len(took):
            found[turn, "p50"] = statistics.median(took[first - 1 : last])
            found[turn, "CPU"] = (long.cpu[last] - long.cpu[first]) / (last - first) * 1e3
    return found


def _short(server: Server, talk: Talk, begin: str, seconds: float) -> Outcome:
    names = [f"{begin}-{number}" for number in range(_SHORT)]
    return server.drive(talk.script, names, EARLY[1], marks=EARLY, seconds=seconds)
