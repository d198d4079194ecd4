"""What the server is: greeting, version, status, ids of conversations.

Source: spec http_api.md section 5.
"""

from collections.abc import Sequence
from urllib.parse import quote

import msgspec
from litestar import Response

from tertulia.engine.agreement import Standing
from tertulia.server import query
from tertulia.server.body import AnyRequest
from tertulia.server.declare import HTML, TEXT, Facts, operation
from tertulia.server.errors import NO_MODEL, WRONG_PARAMETER
from tertulia.server.served import served_by
from tertulia.server.settings import Advertised, ServerSettings

_PAGE = 1000


class Status(msgspec.Struct, frozen=True, omit_defaults=True):
    """The keys of every generation's status. is_ready: a model is loaded.

    num_active_training_jobs: jobs of training and tests, of all processes of the server.
    agreed_model: what the servers that share a store were told last, once they were told.
    """

    model_fingerprint: str | None
    is_ready: bool
    model_file: str | None
    model_id: str | None
    fingerprint: dict[str, str]
    num_active_training_jobs: int
    agreed_model: Standing | None = None


@operation(
    "GET",
    "/",
    summary="Greeting",
    tag="server",
    facts=Facts(scope="open", media_types=(TEXT, HTML), model=False, store=False),
)
async def greet(request: AnyRequest) -> Response[bytes]:
    """Say which server this is, as monitoring of the originals expects it."""
    settings = served_by(request).settings
    kind = HTML if settings.is_legacy else TEXT
    return Response(greeting(settings).encode(), media_type=kind)


def greeting(settings: ServerSettings) -> str:
    """Return the line that answers at the root."""
    version = settings.versions.version
    if settings.is_legacy:
        return f"hello from Rasa Core: {version}"
    return f"Hello from Rasa: {version}"


@operation(
    "GET",
    "/version",
    summary="Versions that clients compare with their own",
    tag="server",
    facts=Facts(scope="open", answer=Advertised, model=False, store=False),
)
async def version(request: AnyRequest) -> Advertised:
    """Name the version whose API is served, and the oldest model it takes."""
    return served_by(request).settings.versions


@operation(
    "GET",
    "/status",
    summary="The loaded model",
    tag="server",
    facts=Facts(scope="read", answer=Status, model=False, store=False, errors=(NO_MODEL,)),
)
async def status(request: AnyRequest) -> Status:
    """Tell which model is loaded; without one the modern profile answers with an error."""
    served = served_by(request)
    jobs = await served.jobs.count()
    agreement = served.service.agreement
    standing = None if agreement is None else await agreement.standing()
    if served.service.assistant is None and served.settings.is_legacy:
        return Status(served.name, False, None, None, {}, jobs, standing)
    model, packed = served.ready().model, served.service.keeper.packed
    model_id = model.manifest.model_id
    tag = packed.tag if packed is not None else None
    return Status(tag or model_id, True, model.name, model_id, {}, jobs, standing)


@operation(
    "GET",
    "/conversations",
    summary="Ids of all conversations",
    tag="conversations",
    facts=Facts(
        scope="read",
        query=("after", "limit"),
        answer=list[str],
        sends=("Link",),
        model=False,
        errors=(WRONG_PARAMETER,),
    ),
)
async def conversations(request: AnyRequest) -> Response[list[str]]:
    """List the ids of stored conversations, in ascending order.

    With `limit` so many, those greater than `after`; the header `Link` leads to the next page.
    """
    operations = served_by(request).service.operations
    after = query.text(request, "after")
    limit = query.whole_number(request, "limit", default=None, least=1, most=_PAGE)
    if limit is not None:
        page = list(await operations.conversations(after=after, limit=limit + 1))
        following = len(page) > limit
        return Response(page[:limit], headers=_link(page[limit - 1], limit) if following else {})
    found: list[str] = []
    while True:
        last = found[-1] if found else after
        more: Sequence[str] = await operations.conversations(after=last, limit=_PAGE)
        found += more
        if len(more) < _PAGE:
            return Response(found)


def _link(last: str, limit: int) -> dict[str, str]:
    return {"Link": f'</conversations?after={quote(last, safe="")}&limit={limit}>; rel="next"'}


ALWAYS = (greet,)
API = (version, status, conversations)
