"""Names of model files: when it was trained, and two words to tell models apart in speech.

Source: cli.md section 2, "model name".
"""

import datetime
from pathlib import Path
from typing import Final

from tertulia.base.ports import Clock, Random

ENDING: Final = ".tar.gz"

_ADJECTIVES: Final = (
    "ample", "amber", "brave", "brisk", "calm", "candid", "clear", "coral", "crisp", "daring",
    "deep", "early", "easy", "fair", "fine", "fleet", "fond", "frank", "fresh", "gentle",
    "glad", "golden", "grand", "green", "happy", "hardy", "honest", "ideal", "jolly", "keen",
    "kind", "late", "light", "lively", "loyal", "lucid", "mellow", "merry", "mild", "modest",
    "neat", "nimble", "noble", "novel", "open", "patient", "plain", "polite", "proud", "quick",
    "quiet", "rapid", "ready", "round", "sage", "serene", "sharp", "silver", "smooth", "sober",
    "solid", "spry", "steady", "still", "sunny", "swift", "tidy", "true", "vivid", "warm",
)  # fmt: skip
_NOUNS: Final = (
    "acorn", "anchor", "arbor", "badger", "basin", "beacon", "birch", "bridge", "brook", "canyon",
    "cedar", "cello", "cliff", "clover", "comet", "compass", "coral", "crane", "creek", "delta",
    "dune", "eagle", "echo", "falcon", "fern", "fjord", "forest", "garden", "glacier", "grove",
    "harbor", "hazel", "heron", "hill", "island", "ivy", "kettle", "lagoon", "lantern", "lark",
    "linden", "lynx", "maple", "marsh", "meadow", "mesa", "moon", "moss", "oak", "ocean",
    "olive", "orchard", "otter", "pebble", "pine", "plaza", "quartz", "raven", "reef", "river",
    "robin", "salon", "sparrow", "spruce", "summit", "table", "valley", "violin", "willow", "wren",
)  # fmt: skip


def model_name(
    clock: Clock, random: Random, *, core: bool, nlu: bool, fixed: str | None = None
) -> str:
    """Return the file name for a new model.

    `<YYYYMMDD-HHMMSS>-<adjective>-<noun>.tar.gz` in UTC; `core-` or `nlu-` before it when only
    that was trained. fixed: this name instead, any ending replaced by `.tar.gz`.
    """
    if fixed is not None:
        return _stem(fixed) + ENDING
    moment = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    prefix = "" if core and nlu else "core-" if core else "nlu-"
    words = f"{random.choice(_ADJECTIVES)}-{random.choice(_NOUNS)}"
    return f"{prefix}{moment:%Y%m%d-%H%M%S}-{words}{ENDING}"


def dated_folder(clock: Clock) -> str:
    """Return the name that rasa_nlu gives a model folder: `model_<YYYYMMDD-HHMMSS>`."""
    moment = datetime.datetime.fromtimestamp(clock.now(), datetime.UTC)
    return f"model_{moment:%Y%m%d-%H%M%S}"


def _stem(name: str) -> str:
    bare = name.removesuffix(ENDING)
    if bare != name:
        return bare
    suffix = Path(name).suffix
    return name.removesuffix(suffix) if suffix and suffix != name else name
