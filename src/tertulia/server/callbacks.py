"""Answers that take long: given while the client waits, or posted to an address later.

Rule: a job nobody waits for any more is ended, for it would keep others from theirs.

Source: spec http_api.md "POST /model/train" (`callback_url`).
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from litestar import Response

from tertulia.base.errors import CallbackFailed, RequestError, TertuliaError
from tertulia.jobs.runner import Done
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.errors import STOPPING, UNREADABLE, failure_of
from tertulia.server.reach import check_host
from tertulia.server.settings import ServerSettings

_log = logging.getLogger("tertulia.jobs")

CALLBACK = "callback_url"
JSON = "application/json"


class Result(msgspec.Struct, frozen=True):
    """What a request is answered with, now or later."""

    body: bytes
    headers: Mapping[str, str]


class Callbacks:
    """Answers that are still to be posted."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._open: set[asyncio.Task[None]] = set()

    def wanted(self, request: AnyRequest) -> str | None:
        """Return the address that the request names for its answer, None when it waits.

        Raises:
            RequestError: this server does not call that address.
        """
        url = query.text(request, CALLBACK)
        if url is not None:
            hosts = self._settings.outgoing_hosts
            check_host(hosts, url, parameter=CALLBACK, where="query")
        return url

    def post(self, url: str, job: "asyncio.Task[Done]", finish: "Finish") -> None:
        """Post what comes of a job; errors have the body that a request would get."""
        task = asyncio.get_running_loop().create_task(self._post(url, job, finish))
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def drain(self, patience: float) -> None:
        """Post what can be posted within so many seconds, and give up the rest."""
        if not self._open:
            return
        _, late = await asyncio.wait(tuple(self._open), timeout=patience)
        for task in late:
            task.cancel()

    async def _post(self, url: str, job: "asyncio.Task[Done]", finish: "Finish") -> None:
        # Only servers that are told an address load the library for it.
        from tertulia.adapters.remote.callbacks import send_result

        try:
            result = await finish(await _end_of(job))
        except TertuliaError as error:
            failure = failure_of(error, self._settings)
            result = Result(msgspec.json.encode(failure.body), {"Content-Type": JSON})
        try:
            await send_result(url, result.body, result.headers)
        except CallbackFailed as error:
            _log.error("%s", error)


Finish = Callable[[Done], Awaitable[Result]]
"""Makes the answer of a job that came to its end; raises a TertuliaError for one that failed."""


async def answer_of(
    request: AnyRequest,
    callbacks: Callbacks,
    url: str | None,
    job: "asyncio.Task[Done]",
    finish: Finish,
) -> Response[bytes]:
    """Return what the job makes; with an address 204 at once. The request's body has been read."""
    if url is not None:
        callbacks.post(url, job, finish)
        return Response(b"", status_code=204, media_type=None)
    result = await finish(await _while_connected(request, job))
    headers = dict(result.headers)
    return Response(result.body, media_type=headers.pop("Content-Type"), headers=headers)


async def _while_connected(request: AnyRequest, job: "asyncio.Task[Done]") -> Done:
    """Return the job's end. A client that goes away ends the job."""
    leaving = asyncio.create_task(_disconnected(request))
    try:
        await asyncio.wait((job, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not job.done():
            raise RequestError("the client went away", code=UNREADABLE)
        return await _end_of(job)
    finally:
        job.cancel()
        leaving.cancel()


async def _end_of(job: "asyncio.Task[Done]") -> Done:
    """Return the job's end.

    Raises:
        RequestError: the server ended it.
    """
    await asyncio.wait((job,))
    if job.cancelled():
        raise RequestError("the job was ended: the server is about to stop", code=STOPPING)
    return job.result()


async def _disconnected(request: AnyRequest) -> None:
    message: Mapping[str, Any] = {}
    while message.get("type") != "http.disconnect":
        message = await request.receive()
