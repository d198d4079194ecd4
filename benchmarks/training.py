"""How long training takes, from the command line, and the most memory it needs."""

from bots import STARTER
from setting import Setting

NAME = "training"


def measure(setting: Setting) -> None:
    """Train the starter bot anew, each time in a process of its own."""
    folder = setting.engine.prepare(STARTER, setting.place)
    runs = [setting.engine.train(folder) for _ in range(setting.repeat)]
    setting.note(NAME, STARTER.name, "wall", "s", [run.wall for run in runs], "<= 2")
    setting.note(NAME, STARTER.name, "CPU", "s", [run.cpu for run in runs])
    setting.note(NAME, STARTER.name, "peak RSS", "MiB", [run.peak for run in runs], "<= 150")
