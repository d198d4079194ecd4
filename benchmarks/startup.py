"""How long a server takes from the begin of its process to its first answer, and its memory."""

from bots import STARTER, TEXT
from engines import forget_conversations, serve
from machine import cpu_seconds, memory_mib
from setting import Setting

NAME = "start"


def measure(setting: Setting) -> None:
    """Start the server on an empty store, again and again."""
    folder = setting.trained(STARTER)
    waited: list[float] = []
    cpu: list[float] = []
    rss: list[float] = []
    pss: list[float] = []
    for _ in range(setting.repeat):
        forget_conversations(setting.engine, folder)
        with serve(setting.engine, folder, TEXT.script[0]) as server:
            waited.append(server.started)
            cpu.append(cpu_seconds(server.pid))
            seen, own = memory_mib(server.pid)
            rss.append(seen)
            pss.append(own)
    case = f"{STARTER.name}, first answer"
    setting.note(NAME, case, "wall", "s", waited, "<= 1")
    setting.note(NAME, case, "CPU", "s", cpu)
    setting.note(NAME, case, "RSS", "MiB", rss, "<= 120")
    setting.note(NAME, case, "PSS", "MiB", pss)
