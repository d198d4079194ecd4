"""The bots that are measured, and what is said to them."""

from dataclasses import dataclass
from pathlib import Path

from load import Say

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Bot:
    """A project folder, of which only the files that training reads are used."""

    name: str
    folder: Path

    def files(self) -> list[Path]:
        """Return the files to train from, relative to the folder."""
        found = [self.folder / "config.yml", self.folder / "domain.yml"]
        found += sorted((self.folder / "data").rglob("*.yml"))
        return [path.relative_to(self.folder) for path in found]


STARTER = Bot("starter", _HERE.parent / "examples" / "smalltalk")
FORM = Bot("form", _HERE / "bots" / "form")


@dataclass(frozen=True)
class Talk:
    """What one kind of conversation is. script: repeated as long as it shall last."""

    name: str
    bot: Bot
    script: tuple[Say, ...]


_JOKES = ("It got mugged.", "Depresso.", "It leaves.")
_ORDERS = ("One tea, coming right up.", "A tea, a fine choice.")
_GLAD = ("Good days taste best", "That is nice to hear.")
_BYE = ("See you soon at the Corner Table!", "Take care, and come back thirsty.")

TEXT = Talk(
    "text",
    STARTER,
    (
        Say("hello there", ("Welcome to the Corner Table!",)),
        Say("I am very well", _GLAD),
        Say("what is the wifi password?", ("The network is called Corner Table.",)),
        Say("where is the café?", ("7 Plane Tree Square",)),
        Say("a tea please", _ORDERS),
        Say("when do you open?", ("We open at eight",)),
        Say("tell me a joke", _JOKES),
        Say("are you a bot?", ("a small program with a big coat rack",)),
        Say("thank you very much", ("You are most welcome.",)),
        Say("see you later", _BYE),
    ),
)

INTENT = Talk(
    "intent",
    STARTER,
    (
        Say("/greet", ("Welcome to the Corner Table!",)),
        Say("/feel_good", _GLAD),
        Say("/ask_wifi", ("The network is called Corner Table.",)),
        Say("/ask_address", ("7 Plane Tree Square",)),
        Say('/order_drink{"drink": "tea"}', _ORDERS),
        Say("/ask_hours", ("We open at eight",)),
        Say("/ask_joke", _JOKES),
        Say("/bot_challenge", ("a small program with a big coat rack",)),
        Say("/thank", ("You are most welcome.",)),
        Say("/goodbye", _BYE),
    ),
)

FORMS = Talk(
    "form",
    FORM,
    (
        # Empties the slots, so that the form runs from its beginning each time.
        Say('/book_table{"cuisine": null, "guests": null}', ("Which kitchen do you fancy?",)),
        Say("italian please", ("For how many people?",)),
        Say("when do you open?", ("From noon to eleven",)),
        Say("for 4 people", ("Reserved: italian, for 4.",)),
        Say("good evening", ("Good day! Shall I reserve a table?",)),
    ),
)

TALKS = (TEXT, INTENT, FORMS)
