"""Training data in a request's body, of every generation, to an order for a job.

Source: spec http_api.md "POST /model/train".
"""

from typing import Any

import msgspec

from tertulia.base.errors import RequestError
from tertulia.jobs.order import TrainOrder
from tertulia.server.body import convert, decode_json
from tertulia.server.errors import UNREADABLE, WRONG_DATA, WRONG_PARAMETER

Json = Any

_ALL = "training.yml"


class TrainJson(msgspec.Struct, frozen=True):
    """The form of 1.x and 2.x: each part as the text of its file.

    out: refused, a request does not choose where files go.
    """

    config: str | None = None
    domain: str | None = None
    nlu: str | None = None
    stories: str | None = None
    responses: str | None = None
    force: bool | None = None
    save_to_default_model_directory: bool | None = None
    out: str | None = None


class Given(msgspec.Struct, frozen=True):
    """What a request says: the order, and whether the model is kept (None: the query decides)."""

    order: TrainOrder
    keep: bool | None = None


def training_in(body: bytes, content_type: str, *, augmentation: int, force: bool) -> Given:
    """Return what to train.

    A body that is said to be YAML, or is no JSON object, is one document with everything: the form
    of 3.x.

    Raises:
        RequestError: there is nothing to train, or a part is missing.
    """
    if not body.strip():
        raise RequestError(
            "you must provide training data in the request body in order to train your model.",
            code=WRONG_DATA,
        )
    if "yaml" in content_type or "yml" in content_type or not body.lstrip().startswith(b"{"):
        return Given(_of_yaml(_text(body), augmentation=augmentation, force=force))
    given = convert(decode_json(body), TrainJson)
    _check(given)
    force = force if given.force is None else given.force
    order = _of_json(given, augmentation=augmentation, force=force)
    return Given(order, given.save_to_default_model_directory)


def _of_yaml(text: str, *, augmentation: int, force: bool) -> TrainOrder:
    names = (_ALL,)
    return TrainOrder(
        files={_ALL: text},
        config=names,
        domain=names,
        nlu=names,
        stories=names,
        augmentation=augmentation,
        force=force,
    )


def _of_json(given: TrainJson, *, augmentation: int, force: bool) -> TrainOrder:
    texts = {
        "config.yml": given.config,
        "domain.yml": given.domain,
        _named("nlu", given.nlu): given.nlu,
        _named("stories", given.stories): given.stories,
        _named("responses", given.responses): given.responses,
    }
    files = {name: text for name, text in texts.items() if text is not None}

    def present(*stems: str) -> tuple[str, ...]:
        return tuple(name for name in files if name.partition(".")[0] in stems)

    return TrainOrder(
        files=files,
        config=present("config"),
        domain=present("domain"),
        nlu=present("nlu", "responses"),
        stories=present("stories"),
        augmentation=augmentation,
        force=force,
    )


def _named(stem: str, text: str | None) -> str:
    """Return the file name for a text: its ending tells the format."""
    start = (text or "").lstrip()
    if start.startswith("{"):
        return f"{stem}.json"
    markdown = start.startswith(("#", "*", "<!--", ">"))
    return f"{stem}.md" if markdown else f"{stem}.yml"


def _check(given: TrainJson) -> None:
    if given.config is None:
        raise _missing("config", "the configuration with the pipeline and the policies")
    if given.nlu is None and given.stories is None:
        raise _missing("nlu", "examples as 'nlu', or stories as 'stories'")
    if given.stories is not None and given.domain is None:
        raise _missing("domain", "the domain that the stories belong to")
    if given.out is not None:
        raise RequestError(
            "a request does not choose where a model is written.",
            hint="Leave 'out' out; the answer is the model, and it is kept in the server's folder.",
            parameter="out",
            where="body",
            code=WRONG_PARAMETER,
        )


def _missing(part: str, what: str) -> RequestError:
    return RequestError(
        f"the training request is missing the required key '{part}'.",
        hint=f"Send {what}.",
        parameter=part,
        where="body",
        code=WRONG_DATA,
    )


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError(
            f"the body is not UTF-8: byte 0x{body[error.start]:02x} at {error.start}",
            hint="Send it as UTF-8.",
            code=UNREADABLE,
        ) from error
