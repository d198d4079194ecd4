"""Pages for people: the chat page and the description of the API."""

from collections.abc import Mapping

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from tertulia.server.access import declared
from tertulia.server.body import AnyRequest
from tertulia.server.declare import JSON
from tertulia.server.openapi import document_of
from tertulia.server.served import served_by
from tertulia.web import api_page, pages
from tertulia.web.pages import Asset

_OPEN = declared("open")


@get("/chat", include_in_schema=False, opt=_OPEN)
async def chat(request: AnyRequest) -> Response[bytes]:
    """Return the chat page."""
    return _file(request, pages.asset(pages.PAGE), pages.SECURITY_HEADERS)


@get("/chat/{name:str}", include_in_schema=False, opt=_OPEN)
async def chat_file(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Return a file of the chat page."""
    return _file(request, pages.asset(name), pages.SECURITY_HEADERS)


@get("/docs", include_in_schema=False, opt=_OPEN)
async def docs(request: AnyRequest) -> Response[bytes]:
    """Return the page that shows the API."""
    return _file(request, api_page.asset(api_page.PAGE), api_page.SECURITY_HEADERS)


@get("/docs/{name:str}", include_in_schema=False, opt=_OPEN)
async def docs_file(request: AnyRequest, name: FromPath[str]) -> Response[bytes]:
    """Return a file of the page that shows the API."""
    return _file(request, api_page.asset(name), api_page.SECURITY_HEADERS)


@get("/openapi.json", include_in_schema=False, opt=_OPEN)
async def openapi(request: AnyRequest) -> Response[bytes]:
    """Return the description of the API, as this server answers it."""
    return Response(document_of(request.app, served_by(request).settings), media_type=JSON)


def _file(request: AnyRequest, found: Asset | None, headers: Mapping[str, str]) -> Response[bytes]:
    if found is None:
        raise NotFoundException
    tag = f'"{found.etag}"'
    sent = {**headers, "ETag": tag}
    if tag in request.headers.get("if-none-match", ""):
        return Response(b"", status_code=304, headers=sent)
    return Response(found.body, headers={**sent, "Content-Type": found.media_type})


ALWAYS = (chat, chat_file)
API = (docs, docs_file, openapi)
