"""What a measure is given: the server to measure, a place to work, how often and how long."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bots import Bot
from engines import Engine
from report import Row


@dataclass
class Setting:
    """One engine's measuring.

    repeat: how often each figure is taken. turns: length of the long conversations. seconds: the
    most that one run of the load generator may take.
    """

    engine: Engine
    place: Path
    repeat: int
    turns: int
    seconds: float
    rows: list[Row] = field(default_factory=list[Row])

    def trained(self, bot: Bot) -> Path:
        """Return a folder with the bot, trained once."""
        folder = self.place / bot.name
        if not (folder / "models").is_dir():
            folder = self.engine.prepare(bot, self.place)
            self.engine.train(folder)
        return folder

    def note(
        self,
        measure: str,
        case: str,
        figure: str,
        unit: str,
        values: Sequence[float],
        goal: str = "",
    ) -> None:
        """Take a figure down."""
        if values:
            self.rows.append(
                Row(measure, case, figure, unit, tuple(values), goal, self.engine.name)
            )
