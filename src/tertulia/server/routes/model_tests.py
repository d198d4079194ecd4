"""Tests the loaded model on data in a request's body, in a process of its own.

Source: spec http_api.md "POST /evaluate", "POST /model/test/intents".
"""

import asyncio
from typing import Any

import msgspec
from litestar import Response

from tertulia.base.errors import ModelError, ModelServerError, RequestError
from tertulia.jobs.order import IntentsOrder, StoriesOrder
from tertulia.jobs.runner import Done
from tertulia.model.find import find_model
from tertulia.model.packed import Packed, pack
from tertulia.schema.endpoints import ModelEndpoint
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.callbacks import CALLBACK, JSON, Result, answer_of
from tertulia.server.declare import Facts, operation
from tertulia.server.errors import (
    FOREIGN_HOST,
    FOREIGN_PATH,
    JOB_FAILED,
    MODEL_NOT_LOADED,
    NO_MODEL,
    NO_POLICIES,
    NOT_TESTED,
    STOPPING,
    TOO_MANY_JOBS,
    UNREADABLE,
    WRONG_DATA,
    WRONG_TEST_DATA,
)
from tertulia.server.reach import check_host, path_below
from tertulia.server.served import Served, served_by
from tertulia.server.uploads import read_body

Json = Any
Report = dict[str, Json]

_FOLDS = "cross_validation_folds"
_MODEL = "model"
_ADDRESS = ("http://", "https://")
_TEXTS: tuple[tuple[str, dict[str, Json]], ...] = (
    ("application/x-yaml", {"type": "string"}),
    ("text/markdown", {"type": "string"}),
)


@operation(
    "POST",
    ("/evaluate", "/model/test/stories"),
    summary="Test the model on stories",
    tag="model",
    facts=Facts(
        scope="admin",
        query=("e2e",),
        bodies=_TEXTS,
        answer=Report,
        errors=(WRONG_TEST_DATA, UNREADABLE, NO_POLICIES, TOO_MANY_JOBS, JOB_FAILED, STOPPING),
        store=False,
        large=True,
    ),
)
async def test_stories(request: AnyRequest) -> Response[bytes]:
    """Tell what the model does in the stories of the body, YAML or Markdown.

    The legacy profile reports in a table of text, the modern one in an object.
    """
    served = served_by(request)
    text = await _text_of(request, served)
    if not text.strip():
        raise RequestError(
            "you must provide some stories in the request body in order to evaluate your model.",
            code=WRONG_TEST_DATA,
        )
    is_yaml = "yaml" in request.headers.get("content-type", "") or _looks_yaml(text)
    order = StoriesOrder(
        text=text,
        file="stories.yml" if is_yaml else "stories.md",
        end_to_end=query.flag(request, "e2e"),
        text_report=served.settings.is_legacy,
    )
    task = await served.jobs.start(order, served_model(served).data)
    return await answer_of(request, served.callbacks, None, task, _shown)


async def _text_of(request: AnyRequest, served: Served) -> str:
    body = await read_body(request, served.settings.limits.upload_bytes)
    return body.decode("utf-8", "replace")


def _looks_yaml(text: str) -> bool:
    return text.lstrip().startswith(("version:", "stories:", "rules:"))


def served_model(served: Served) -> Packed:
    """Return the served model, to be tested elsewhere.

    Raises:
        ModelError: no model is loaded, or one that was put together in this process.
    """
    served.ready()
    packed = served.service.keeper.packed
    if packed is None:
        raise RequestError("the served model cannot be tested apart", code=WRONG_TEST_DATA)
    return packed


async def _shown(done: Done) -> Result:
    answer = done.answer
    if answer.fault is not None:
        raise RequestError(
            f"evaluation could not be created. Error: {answer.message}", code=WRONG_TEST_DATA
        )
    return Result(msgspec.json.encode(answer.result), {"Content-Type": JSON})


@operation(
    "POST",
    "/model/test/intents",
    summary="Test how well examples are understood",
    tag="model",
    facts=Facts(
        scope="admin",
        query=(_MODEL, _FOLDS, CALLBACK),
        body=dict[str, Json],
        bodies=_TEXTS[:1],
        answer=Report,
        statuses=(200, 204),
        errors=(
            *(WRONG_DATA, NOT_TESTED, MODEL_NOT_LOADED, FOREIGN_PATH, FOREIGN_HOST),
            *(NO_MODEL, TOO_MANY_JOBS, JOB_FAILED, STOPPING),
        ),
        model=False,
        store=False,
        large=True,
    ),
)
async def test_intents(request: AnyRequest) -> Response[bytes]:
    """Tell what the model makes of the examples of the body, NLU data as YAML or JSON.

    With folds the body is YAML with a configuration, and nothing is loaded.
    """
    served = served_by(request)
    callback = served.callbacks.wanted(request)
    order = await _intents_order(request, served)
    model = None if order.folds else await _model_of(request, served)
    task = await served.jobs.start(order, model)
    return await answer_of(request, served.callbacks, callback, task, _shown_intents)


async def _intents_order(request: AnyRequest, served: Served) -> IntentsOrder:
    text = await _text_of(request, served)
    if not text.strip():
        raise RequestError(
            "you must provide some nlu data in the request body in order to evaluate your model.",
            code=WRONG_DATA,
        )
    folds = query.count(request, _FOLDS, served.settings, default=0)
    is_json = text.lstrip().startswith("{")
    if folds and is_json:
        raise RequestError("cross-validation is only supported for YAML data.", code=NOT_TESTED)
    if folds == 1:
        raise RequestError(
            "one fold leaves nothing to learn from.",
            hint="Give two or more.",
            parameter=_FOLDS,
            where="query",
            code=NOT_TESTED,
        )
    return IntentsOrder(text=text, file="nlu.json" if is_json else "nlu.yml", folds=folds)


async def _model_of(request: AnyRequest, served: Served) -> bytes:
    """Return the model to test: the one that the query names, or the one in service."""
    named = query.text(request, _MODEL)
    if named is None:
        return served_model(served).data
    try:
        return (await _named(served, named)).data
    except (ModelError, ModelServerError) as error:
        raise RequestError(
            f"the model could not be loaded: {error}",
            parameter=_MODEL,
            where="query",
            code=MODEL_NOT_LOADED,
        ) from error


async def _named(served: Served, named: str) -> Packed:
    """Return the model of an allowed server, where an address is given, or of an allowed folder."""
    settings = served.settings
    if named.startswith(_ADDRESS):
        check_host(settings.outgoing_hosts, named, parameter=_MODEL, where="query")
        pulling = served.service.pulling
        if pulling is None:
            raise ModelServerError("this program pulls no models")
        # Without the credentials of endpoints.yml: they are for the server that is named there.
        return await pulling.fetch(ModelEndpoint(url=named))
    path = path_below(settings.model_roots, named)
    return await asyncio.to_thread(lambda: pack(find_model(path)))


async def _shown_intents(done: Done) -> Result:
    answer = done.answer
    if answer.fault is not None:
        raise RequestError(f"the examples cannot be tested:\n{answer.message}", code=NOT_TESTED)
    return Result(msgspec.json.encode(answer.result), {"Content-Type": JSON})


API = (test_stories, test_intents)
