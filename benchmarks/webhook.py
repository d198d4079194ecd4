"""How many messages a second the REST webhook answers, each stored durably first, and how soon."""

from collections import defaultdict
from dataclasses import dataclass

from bots import STARTER, TEXT
from engines import Server, forget_conversations, serve
from load import Outcome
from machine import memory_mib
from report import percentile
from setting import Setting

NAME = "webhook"
LENGTH = 10
"""Messages of one conversation, then the next begins."""

_MESSAGES = {1: 1500, 8: 4000}


@dataclass(frozen=True)
class _Case:
    clients: int
    kept: bool

    @property
    def name(self) -> str:
        many = "1 client" if self.clients == 1 else f"{self.clients} clients"
        return f"{many}, {'kept connections' if self.kept else 'a connection per message'}"


_CASES = tuple(_Case(clients, kept) for kept in (True, False) for clients in _MESSAGES)


def measure(setting: Setting) -> None:
    """Let 1 and 8 clients talk, over kept and new connections, all cases in turn."""
    folder = setting.trained(STARTER)
    forget_conversations(setting.engine, folder)
    outcomes: dict[_Case, list[Outcome]] = defaultdict(list)
    with serve(setting.engine, folder, TEXT.script[0]) as server:
        _drive(server, _Case(8, kept=True), "warm", setting.seconds / 3)
        for number in range(setting.repeat):
            for case in _CASES:
                begin = f"{number}{case.clients}{case.kept}"
                outcomes[case].append(_drive(server, case, begin, setting.seconds))
        memory = memory_mib(server.pid)[0]
        stored = server.stored_messages()
    for case, runs in outcomes.items():
        _note(setting, case, runs)
    setting.note(NAME, "after all of it", "RSS", "MiB", [memory])
    if stored is not None:
        sent = LENGTH * (8 * 10 + setting.repeat * 2 * sum(_MESSAGES.values()) // LENGTH) + 1
        setting.note(NAME, "after all of it", "messages in the store", "", [stored], f"= {sent:,}")


def _drive(server: Server, case: _Case, begin: str, seconds: float) -> Outcome:
    count = 80 if begin == "warm" else _MESSAGES[case.clients] // LENGTH
    names = [f"{begin}-{number}" for number in range(count)]
    return server.drive(
        TEXT.script, names, LENGTH, clients=case.clients, kept=case.kept, seconds=seconds
    )


def _note(setting: Setting, case: _Case, runs: list[Outcome]) -> None:
    taken = [[one for turns in run.latencies for one in turns] for run in runs]
    counts = [len(one) for one in taken]
    pairs = list(zip(runs, counts, strict=True))
    rates = [count / run.wall for run, count in pairs]
    goal = ">= 800" if case.clients == 8 and case.kept else ""
    setting.note(NAME, case.name, "messages", "1/s", rates, goal)
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        setting.note(NAME, case.name, name, "ms", [percentile(one, share) for one in taken])
    cpu = [run.server_cpu / count * 1e3 for run, count in pairs]
    setting.note(NAME, case.name, "CPU of the server per message", "ms", cpu, "< 0.8")
    own = [run.own_cpu / count * 1e3 for run, count in pairs]
    setting.note(NAME, case.name, "CPU of the generator per message", "ms", own)
