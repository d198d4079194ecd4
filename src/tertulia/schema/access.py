"""The typed shapes of the sections `api_keys` and `limits` in endpoints.yml. They are our own."""

from typing import Annotated, Literal

import msgspec

from tertulia.base.secret import Secret

KeyScope = Literal["read", "converse", "write", "admin"]
_AtLeastOne = Annotated[int, msgspec.Meta(ge=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0)]


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key of one program. name: shown in messages; the key itself never is.

    conversations: what ids of reached conversations begin with; empty reaches all. A key with one
    reaches nothing that concerns more than one conversation.
    """

    name: Annotated[str, msgspec.Meta(min_length=1)]
    key: Secret
    scopes: Annotated[list[KeyScope], msgspec.Meta(min_length=1)]
    conversations: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one client may ask of the server.

    body_bytes: of one request. body_seconds: from the beginning of a request to the end of its
    body. header_bytes, header_seconds: of all headers of a request. json_depth: arrays and objects
    within each other. events: in one request. id_length: characters of a conversation's id.
    turns: under way at once, in one process. queue: turns that wait for one conversation.
    connections: open at once, in one process. upload_bytes: of a model, or of data to train or
    test with. jobs: of training and tests, under way at once in the whole server.
    """

    body_bytes: _AtLeastOne = 4 * 1024 * 1024
    body_seconds: _Seconds = 120.0
    header_bytes: _AtLeastOne = 64 * 1024
    header_seconds: _Seconds = 10.0
    json_depth: _AtLeastOne = 64
    events: _AtLeastOne = 10_000
    id_length: _AtLeastOne = 1024
    turns: _AtLeastOne = 1000
    queue: _AtLeastOne = 100
    connections: _AtLeastOne = 10_000
    upload_bytes: _AtLeastOne = 256 * 1024 * 1024
    jobs: _AtLeastOne = 2
