"""What a job is told and what it leaves behind, as files of one folder that is the job's own.

Rule: every name of a file is in this module; none comes from a request.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec

Json = Any

ORDER = "order.json"
MODEL = "model"
"""The model that the job starts from: packed, named in the order."""

ANSWER = "answer.json"
TRAINED = "trained.tar.gz"
LOG = "log.txt"


class TrainOrder(msgspec.Struct, frozen=True, kw_only=True, tag="train"):
    """Train a project of these texts.

    config, domain, nlu, stories: names of files below, a file may stand in several. files: name
    to text. previous: the model file holds an earlier model, of which what did not change is kept.
    """

    files: dict[str, str]
    config: tuple[str, ...]
    domain: tuple[str, ...] = ()
    nlu: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    augmentation: int = 50
    force: bool = False
    previous: bool = False


class StoriesOrder(msgspec.Struct, frozen=True, kw_only=True, tag="stories"):
    """Test the model on stories. file: a label whose ending tells YAML from Markdown.

    text_report: the report is a table of text, as in 0.x.
    """

    text: str
    file: str
    end_to_end: bool = False
    text_report: bool = False


class IntentsOrder(msgspec.Struct, frozen=True, kw_only=True, tag="intents"):
    """Test the model on NLU examples. folds: train on parts of the text instead, 0 does not.

    file: a name whose ending tells the format.
    """

    text: str
    file: str
    folds: int = 0


Order = TrainOrder | StoriesOrder | IntentsOrder


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a job ended.

    fault: None when it went well. `data`: the input cannot be read; `domain`: its domain is wrong;
    `training`: it can be read, and contradicts itself. codes, message: of what is wrong. result:
    JSON of a test. name: file name for the trained model.
    """

    fault: Literal["data", "domain", "training"] | None = None
    codes: tuple[str, ...] = ()
    message: str = ""
    result: Json = None
    name: str = ""
    unchanged: bool = False


def write_order(folder: Path, order: Order, model: bytes | None) -> None:
    """Write what the job needs."""
    (folder / ORDER).write_bytes(msgspec.json.encode(order))
    if model is not None:
        (folder / MODEL).write_bytes(model)


def read_order(folder: Path) -> Order:
    """Return what the job is to do."""
    return msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)


def write_answer(folder: Path, answer: Answer) -> None:
    """Write how the job ended."""
    (folder / ANSWER).write_bytes(msgspec.json.encode(answer))


def read_answer(folder: Path) -> Answer:
    """Return how the job ended.

    Raises:
        OSError, msgspec.MsgspecError: it did not come to an end of its own.
    """
    return msgspec.json.decode((folder / ANSWER).read_bytes(), type=Answer)
