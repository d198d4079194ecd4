"""Tests the loaded model on data in a request's body, in a process of its own.

Source: spec http_api.md "POST /evaluate".
"""

from typing import Any

import msgspec
from litestar import Response

from tertulia.base.errors import RequestError
from tertulia.jobs.order import StoriesOrder
from tertulia.jobs.runner import Done
from tertulia.model.packed import Packed
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.callbacks import JSON, Result, answer_of
from tertulia.server.declare import Facts, operation
from tertulia.server.errors import (
    JOB_FAILED,
    NO_POLICIES,
    STOPPING,
    TOO_MANY_JOBS,
    UNREADABLE,
    WRONG_TEST_DATA,
)
from tertulia.server.served import Served, served_by
from tertulia.server.uploads import read_body

Json = Any
Report = dict[str, Json]

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
    """Tell what the model does in the stories of the body, YAML or Markdown."""
    served = served_by(request)
    text = (await read_body(request, served.settings.upload_limit)).decode("utf-8", "replace")
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
    )
    task = served.jobs.start(order, served_model(served).data)
    return await answer_of(request, served.callbacks, None, task, _shown)


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


API = (test_stories,)
