"""What a long conversation costs a server that has just started: its start, the first turn."""

from bots import FORMS, TEXT, Talk
from engines import forget_conversations, serve
from setting import Setting

NAME = "cold load"


def measure(setting: Setting) -> None:
    """Store a long conversation, then start again and go on with it."""
    for talk in (TEXT, FORMS):
        _measure(setting, talk)


def _measure(setting: Setting, talk: Talk) -> None:
    folder = setting.trained(talk.bot)
    forget_conversations(setting.engine, folder)
    with serve(setting.engine, folder, talk.script[0]) as server:
        # Whole rounds of the script, so that its beginning comes next.
        turns = setting.turns // len(talk.script) * len(talk.script)
        long = server.drive(talk.script, ["long"], turns, seconds=setting.seconds * 8)
    said = len(long.latencies[0])
    opening = talk.script[said % len(talk.script)]
    following = talk.script[(said + 1) % len(talk.script)]
    waited: list[float] = []
    first: list[float] = []
    second: list[float] = []
    fresh: list[float] = []
    for number in range(setting.repeat):
        with serve(setting.engine, folder, talk.script[0], sender=f"start-{number}") as server:
            waited.append(server.started)
            fresh.append(server.ask(f"fresh-{number}", talk.script[0]))
            first.append(server.ask("long", opening))
            second.append(server.ask("long", following))
            # To the script's beginning again.
            said += 2
            rest = (-said) % len(talk.script)
            for step in range(rest):
                server.ask("long", talk.script[(said + step) % len(talk.script)])
            said += rest
            opening, following = talk.script[0], talk.script[1]
    case = f"{talk.name}, {len(long.latencies[0]):,} turns stored"
    setting.note(NAME, case, "start to first answer", "s", waited, "<= 1")
    setting.note(NAME, case, "first turn of a new conversation", "ms", fresh)
    setting.note(NAME, case, "first turn of the long one", "ms", first)
    setting.note(NAME, case, "second turn of the long one", "ms", second)
