"""Bodies that are larger than JSON: read up to their own limit, and the file of a form.

Nothing of them is written to a disk.
"""

from typing import Any, cast

import multipart  # pyright: ignore[reportMissingTypeStubs]
from litestar import Request

from tertulia.base.errors import RequestError
from tertulia.server.errors import BODY_TOO_LARGE, UNREADABLE

AnyRequest = Request[Any, Any, Any]

_MOST_PARTS = 32


async def read_body(request: AnyRequest, limit: int) -> bytes:
    """Return the body, whatever it is.

    Raises:
        RequestError: it has more than `limit` bytes.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def form_file(body: bytes, content_type: str, field: str) -> tuple[str, bytes] | None:
    """Return file name and content of a form's file, None when the form has no such field.

    Raises:
        RequestError: the form is damaged.
    """
    parse = cast(Any, multipart).parse_options_header
    kind, options = cast(tuple[str, dict[str, str]], parse(content_type))
    boundary = options.get("boundary")
    if kind != "multipart/form-data" or not boundary:
        return None
    try:
        return _part(body, boundary, field)
    except (multipart.MultipartError, UnicodeError) as error:
        raise RequestError(
            f"the form in the body is damaged ({error})",
            hint='Send it as `curl -F "model=@file.tar.gz"` does.',
            code=UNREADABLE,
        ) from error


def _part(body: bytes, boundary: str, field: str) -> tuple[str, bytes] | None:
    name: str | None = None
    content = bytearray()
    is_wanted = False
    with multipart.PushMultipartParser(
        boundary, max_segment_count=_MOST_PARTS, strict=True
    ) as parser:
        for event in parser.parse(body):
            if isinstance(event, multipart.MultipartSegment):
                # A field that is there twice counts once, as everywhere else.
                is_wanted = name is None and event.name == field
                name = event.filename or "" if is_wanted else name
            elif event and is_wanted:
                content += event
    return None if name is None else (name, bytes(content))


def _too_large(limit: int) -> RequestError:
    return RequestError(
        f"the body has more than {limit} bytes", hint="Send less.", code=BODY_TOO_LARGE
    )
