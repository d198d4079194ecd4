"""Trains a model from a request's body, in a process of its own.

Source: spec http_api.md "POST /model/train".
"""

import asyncio
from typing import Any

import msgspec
from litestar import Response

from tertulia.base.errors import JobFailed, ModelError, RequestError
from tertulia.jobs.runner import Done
from tertulia.model.archive import write_packed
from tertulia.model.find import find_model
from tertulia.model.packed import Packed, pack
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.callbacks import CALLBACK, Result, answer_of
from tertulia.server.declare import Facts, operation
from tertulia.server.errors import (
    CONTRADICTING_DATA,
    FOREIGN_HOST,
    JOB_FAILED,
    STOPPING,
    TOO_MANY_JOBS,
    UNREADABLE,
    WRONG_DATA,
    WRONG_DOMAIN,
    WRONG_PARAMETER,
)
from tertulia.server.served import Served, served_by
from tertulia.server.training_in import TrainJson, training_in
from tertulia.server.uploads import read_body

Json = Any

ARCHIVE = "application/x-tar"
"""Media type of a model; the originals' word for a .tar.gz."""

_KEEP = "save_to_default_model_directory"
_FAULTS = {"data": WRONG_DATA, "domain": WRONG_DOMAIN, "training": CONTRADICTING_DATA}
_YAML: tuple[str, dict[str, Json]] = ("application/x-yaml", {"type": "string"})


@operation(
    "POST",
    "/model/train",
    summary="Train a model",
    tag="model",
    facts=Facts(
        scope="admin",
        query=(CALLBACK, _KEEP, "force_training", "augmentation", "num_threads"),
        body=TrainJson,
        bodies=(_YAML,),
        statuses=(200, 204),
        sends=("Content-Disposition", "filename"),
        media_types=(ARCHIVE,),
        errors=(
            *(WRONG_DATA, WRONG_DOMAIN, CONTRADICTING_DATA, WRONG_PARAMETER, UNREADABLE),
            *(FOREIGN_HOST, TOO_MANY_JOBS, JOB_FAILED, STOPPING),
        ),
        model=False,
        store=False,
        large=True,
    ),
)
async def train(request: AnyRequest) -> Response[bytes]:
    """Train what the body holds, and answer with the model; it is not loaded.

    The body is one YAML document with configuration, domain and data, or JSON with their texts.
    The model is kept in the server's folder of models as well.
    """
    served = served_by(request)
    callback = served.callbacks.wanted(request)
    settings = served.settings
    body = await read_body(request, settings.limits.upload_bytes)
    given = training_in(
        body,
        request.headers.get("content-type", ""),
        augmentation=query.count(request, "augmentation", settings, default=50),
        force=query.flag(request, "force_training"),
    )
    keep = query.flag(request, _KEEP, default=True) if given.keep is None else given.keep
    newest = await asyncio.to_thread(_newest, served)
    order = msgspec.structs.replace(given.order, previous=newest is not None)
    task = await served.jobs.start(order, None if newest is None else newest.data)
    return await answer_of(request, served.callbacks, callback, task, _Finish(served, keep))


class _Finish:
    """What is done with a job's end. keep: the model goes into the folder of models."""

    def __init__(self, served: Served, keep: bool) -> None:
        self._served = served
        self._keep = keep

    async def __call__(self, done: Done) -> Result:
        answer = done.answer
        if answer.fault is not None:
            what = f"the model cannot be trained:\n{answer.message}"
            raise RequestError(what, code=_FAULTS[answer.fault])
        if done.trained is None:
            raise JobFailed("training ended without a model", hint="The server's log says why.")
        roots = self._served.settings.model_roots
        if self._keep and roots and not answer.unchanged:
            await asyncio.to_thread(write_packed, done.trained, roots[0] / answer.name)
        return Result(
            done.trained,
            {
                "Content-Type": ARCHIVE,
                "filename": answer.name,
                "Content-Disposition": f'attachment; filename="{answer.name}"',
            },
        )


def _newest(served: Served) -> Packed | None:
    """Return the newest model that was kept, of which training takes over what did not change."""
    for root in served.settings.model_roots[:1]:
        try:
            return pack(find_model(root))
        except ModelError:
            return None
    return None


API = (train,)
