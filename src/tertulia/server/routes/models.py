"""Which model is served: upload one, load one, unload it, go back to the one before.

Source: spec http_api.md "POST /model", "PUT /model".
"""

import asyncio
from pathlib import Path
from typing import Any, NoReturn

import msgspec

from tertulia.base.errors import ComponentError, ModelError, ModelServerError, RequestError
from tertulia.data.endpoints import read_model_endpoint
from tertulia.model.find import find_model
from tertulia.model.packed import Packed, pack, plain_name
from tertulia.server.body import AnyRequest, convert, decode_json
from tertulia.server.declare import Facts, operation
from tertulia.server.errors import (
    FOREIGN_HOST,
    FOREIGN_PATH,
    MODEL_NOT_LOADED,
    NO_EARLIER_MODEL,
    NO_REMOTE_STORAGE,
    NO_UPLOAD,
    UNREADABLE,
    WRONG_PARAMETER,
)
from tertulia.server.reach import check_host, path_below
from tertulia.server.served import Served, served_by
from tertulia.server.uploads import form_file, read_body

Json = Any

_FIELD = "model"
_UNUSABLE = (ModelError, ComponentError, ModelServerError)
_FORM: dict[str, Json] = {
    "type": "object",
    "properties": {_FIELD: {"type": "string", "contentMediaType": "application/octet-stream"}},
    "required": [_FIELD],
}


class Wanted(msgspec.Struct, frozen=True):
    """A model to load; one of the first two.

    model_file: path of a model or of a folder whose newest one is meant. model_server: as the
    section `models` of endpoints.yml. remote_storage: refused.
    """

    model_file: str | None = None
    model_server: dict[str, Json] | None = None
    remote_storage: str | None = None


@operation(
    "POST",
    "/model",
    summary="Upload a model and serve it",
    tag="model",
    facts=Facts(
        scope="admin",
        bodies=(("multipart/form-data", _FORM),),
        statuses=(204,),
        errors=(NO_UPLOAD, MODEL_NOT_LOADED, UNREADABLE),
        model=False,
        store=False,
        large=True,
    ),
)
async def upload(request: AnyRequest) -> None:
    """Serve the model in the form's file `model`, a .tar.gz or .zip; it is not kept on the disk."""
    served = served_by(request)
    body = await read_body(request, served.settings.limits.upload_bytes)
    found = form_file(body, request.headers.get("content-type", ""), _FIELD)
    if found is None:
        raise RequestError(
            "you did not supply a model as part of your request.",
            hint=f'Send a form with the file in its field "{_FIELD}": curl -F "model=@file".',
            parameter=_FIELD,
            where="body",
            code=NO_UPLOAD,
        )
    name, data = found
    try:
        await served.service.keeper.serve(Packed(plain_name(name), data))
    except _UNUSABLE as error:
        _refuse(error)


@operation(
    "PUT",
    "/model",
    summary="Load a model and serve it",
    tag="model",
    facts=Facts(
        scope="admin",
        body=Wanted,
        statuses=(204,),
        errors=(MODEL_NOT_LOADED, FOREIGN_PATH, FOREIGN_HOST, NO_REMOTE_STORAGE),
        model=False,
        store=False,
    ),
)
async def load(request: AnyRequest) -> None:
    """Serve another model: a file below an allowed folder, or what an allowed server has."""
    served = served_by(request)
    wanted = await _wanted(request)
    try:
        if wanted.model_server is not None:
            await _load_from_server(served, wanted.model_server)
        elif wanted.model_file is not None:
            path = path_below(served.settings.model_roots, wanted.model_file)
            await served.service.keeper.serve(await asyncio.to_thread(_packed, path))
        else:
            raise ModelError(
                "the body names no model",
                hint='Send {"model_file": "models/name.tar.gz"} or {"model_server": {...}}.',
            )
    except _UNUSABLE as error:
        _refuse(error)


async def _wanted(request: AnyRequest) -> Wanted:
    body = await request.body()
    if not body.strip():
        raise RequestError("no path to model file defined in request_body.", code=WRONG_PARAMETER)
    wanted = convert(decode_json(body), Wanted)
    if wanted.remote_storage is not None:
        raise RequestError(
            f"models are not loaded from a remote storage such as '{wanted.remote_storage}'.",
            hint="Copy the model into the folder of models, or let 'model_server' name a server.",
            parameter="remote_storage",
            where="body",
            code=NO_REMOTE_STORAGE,
        )
    return wanted


async def _load_from_server(served: Served, given: dict[str, Json]) -> None:
    try:
        endpoint = read_model_endpoint(given)
    except msgspec.ValidationError as error:
        raise ModelError(f"'model_server' is wrong: {error}") from error
    check_host(served.settings.outgoing_hosts, endpoint.url, parameter="model_server", where="body")
    pulling = served.service.pulling
    if pulling is None:
        raise ModelServerError("this program pulls no models")
    await pulling.switch(endpoint)


def _packed(path: Path) -> Packed:
    return pack(find_model(path))


@operation(
    "DELETE",
    "/model",
    summary="Serve no model",
    tag="model",
    facts=Facts(scope="admin", statuses=(204,), model=False, store=False),
)
async def unload(request: AnyRequest) -> None:
    """Let go of the model; conversations stay, and the bot answers nobody."""
    await served_by(request).service.keeper.unload()


@operation(
    "POST",
    "/model/rollback",
    summary="Serve the model before the last change again",
    tag="model",
    facts=Facts(
        scope="admin",
        statuses=(204,),
        errors=(NO_EARLIER_MODEL,),
        model=False,
        store=False,
    ),
)
async def rollback(request: AnyRequest) -> None:
    """Undo the last upload, load, pull or unload. A second call finds nothing before that."""
    await served_by(request).service.keeper.rollback()


def _refuse(error: Exception) -> NoReturn:
    raise RequestError(
        f"the model could not be loaded: {error}",
        parameter=_FIELD,
        where="query",
        code=MODEL_NOT_LOADED,
    ) from error


API = (upload, load, unload, rollback)
