"""Who reaches which route: asked of the application itself, and written as a page.

`python -m tests.http.access_table` writes docs/reference/access.md again.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2
import jwt
import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from litestar import Litestar, Response
from litestar.routes import HTTPRoute
from tests.http.bot import build_service

from tertulia.base.secret import Secret
from tertulia.core.domain.model import Generation
from tertulia.schema.access import ApiKey, KeyScope
from tertulia.schema.channels import CallbackChannel, Channels, SocketioChannel
from tertulia.server.access import scope_of
from tertulia.server.app import create_app
from tertulia.server.settings import ServerSettings

CHANNELS: Channels = {
    "callback": CallbackChannel(url="http://127.0.0.1:1"),
    "socketio": SocketioChannel(),
}
"""All that have routes."""

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "access.md"
OWN, OTHER = "shop-1", "else"
_IN = 299
_WORDS = {401: "401", 403: "403", _IN: "yes"}

Headers = Mapping[str, str]


class Row(msgspec.Struct, frozen=True):
    """One method of one route. path: with the parameter's name in braces."""

    method: str
    path: str
    scope: str

    def address(self, conversation: str) -> str:
        return re.sub(r"\{\w+\}", "x", self.path.replace("{conversation_id}", conversation))


@cache
def _private() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _stranger() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem() -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return _private().public_key().public_bytes(serialization.Encoding.PEM, form)


def _bearer(text: str) -> Headers:
    return {"Authorization": f"Bearer {text}"}


def _signed(role: str | None, key: Any = None, method: str = "RS256", **claims: Any) -> Headers:
    user = {"user": {"username": OWN, "role": role}, **claims}
    return _bearer(jwt.encode(user, key or _private(), algorithm=method))


def _confused() -> Headers:
    """The classic forgery: the public key as the secret of a symmetric signature."""
    import hashlib
    import hmac

    parts = (b'{"alg":"HS256","typ":"JWT"}', b'{"user":{"role":"admin","username":"x"}}')
    head = b".".join(jwt.utils.base64url_encode(part) for part in parts)
    signature = hmac.new(_pem(), head, hashlib.sha256).digest()
    return _bearer((head + b"." + jwt.utils.base64url_encode(signature)).decode())


NO_GOOD: Mapping[str, Callable[[], Headers]] = {
    "no credentials": dict,
    "a wrong token": lambda: _bearer("wrong"),
    "an expired JWT": lambda: _signed("admin", exp=time.time() - 60),
    "a JWT of another key": lambda: _signed("admin", _stranger()),
    "a JWT with `alg: none`": lambda: _bearer(
        jwt.encode({"user": {"username": "x", "role": "admin"}}, None, algorithm="none")
    ),
    "a JWT signed with the public key": _confused,
    "a JWT of another method": lambda: _signed("admin", method="RS512"),
    "another scheme": lambda: {"Authorization": "Basic dG9rZW46dG9rZW4="},
}
"""What is no credential at all; every one has to be answered alike."""

GOOD: Mapping[str, tuple[Callable[[], Headers], str]] = {
    "JWT without a role": (lambda: _signed(None), OWN),
    "`user`, own": (lambda: _signed("user"), OWN),
    "`user`, another's": (lambda: _signed("user"), OTHER),
    "`read`": (lambda: _bearer("key-read"), OWN),
    "`converse`": (lambda: _bearer("key-converse"), OWN),
    "`write`": (lambda: _bearer("key-write"), OWN),
    "`write`, prefix, own": (lambda: _bearer("key-prefix"), OWN),
    "`write`, prefix, another's": (lambda: _bearer("key-prefix"), OTHER),
    "`admin`": (lambda: _bearer("key-admin"), OWN),
    "JWT `admin`": (lambda: _signed("admin"), OWN),
    "token": (lambda: _bearer("token"), OWN),
}
"""Column to credential, and the conversation that is asked for."""


def _key(name: str, scope: KeyScope, prefix: str = "") -> ApiKey:
    return ApiKey(name=name, key=Secret(f"key-{name}"), scopes=[scope], conversations=prefix)


def settings(**changes: Any) -> ServerSettings:
    keys = (
        _key("read", "read"),
        _key("converse", "converse"),
        _key("write", "write"),
        _key("admin", "admin"),
        _key("prefix", "write", "shop-"),
    )
    return ServerSettings(
        enable_api=True,
        auth_token=Secret("token"),
        jwt_secret=Secret(_pem().decode()),
        jwt_method="RS256",
        api_keys=keys,
        channels=CHANNELS,
        **changes,
    )


async def _let_in(request: Any) -> Response[bytes]:
    """Answer in the place of every route, so that being let in has no effect."""
    return Response(b"", status_code=_IN)


Outcomes = dict[Row, dict[str, int]]


async def outcomes(given: ServerSettings) -> Outcomes:
    """Return the status of every route for every column; `_IN` for whoever is let in."""
    service = build_service(Generation.MODERN)
    with mock.patch("tertulia.server.app.Litestar", partial(Litestar, before_request=_let_in)):
        edge = create_app(service, given)
    assert isinstance(edge.app, Litestar)
    rows = rows_of(edge.app)
    transport = httpx2.ASGITransport(app=edge, raise_app_exceptions=False)
    found: Outcomes = {}
    async with httpx2.AsyncClient(transport=transport, base_url="http://server") as http:

        async def ask(row: Row, headers: Headers, conversation: str) -> int:
            answer = await http.request(row.method, row.address(conversation), headers=headers)
            return answer.status_code

        for row in rows:
            columns = {name: await ask(row, make(), OWN) for name, make in NO_GOOD.items()}
            for name, (make, conversation) in GOOD.items():
                columns[name] = await ask(row, make(), conversation)
            found[row] = columns
    await service.close()
    return found


def rows_of(app: Litestar) -> list[Row]:
    """Return every route of the application's own table, in the order of paths."""
    rows = [
        Row(str(method), re.sub(r":\w+\}", "}", route.path), str(scope_of(handler.opt)))
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for method in handler.http_methods
        if method != "OPTIONS"
    ]
    return sorted(rows, key=lambda row: (row.path, row.method))


def as_table(found: Outcomes) -> str:
    names = ["not good", *GOOD]
    lines = [f"| Route | Scope | {' | '.join(names)} |", "|---" * (len(names) + 2) + "|"]
    for row, columns in found.items():
        cells = [_WORDS[columns[name]] for name in ("no credentials", *GOOD)]
        lines.append(f"| `{row.method} {row.path}` | {row.scope} | {' | '.join(cells)} |")
    return "\n".join(lines)


_PAGE = """# Who reaches which route

Generated from a test that asks every route of the server with every kind of credential; do not
edit (`python -m tests.http.access_table` writes it again). How to give credentials to people and
programs is told in [expose safely](../howto/expose-safely.md).

*yes*: the request is let in. *401*, *403*: it is refused before anything of it is read. *Not good*
stands for each of these:

{no_good}

| Scope | For |
|---|---|
| open | anybody |
| channel | users of the bot: anybody, or with `--protect-channels` whoever has `converse` |
| read | looking at conversations, the model, figures |
| converse | taking turns with the bot |
| write | changing conversations, or making the bot act in them; includes read and converse |
| admin | changing the server, or all conversations at once; includes everything |

`user` is the role of a signed token. *Own*: the conversation that the token names, or that begins
as the key asks. A route without a conversation is no one's own.

## With a token, signed tokens and keys

{table}

## Channels, with `--protect-channels`

The conversation of a message over a channel stands in its body, so *another's* is refused there,
with 403 as well.

{channels}

## Without credentials

A server without a token, a key for signed tokens, or `api_keys` lets everybody in everywhere. It
listens on this machine only, unless `--insecure` is given.
"""


def page(found: Outcomes, protected: Outcomes) -> str:
    channels = {row: columns for row, columns in protected.items() if row.scope == "channel"}
    return _PAGE.format(
        no_good="\n".join(f"- {name}" for name in NO_GOOD),
        table=as_table(found),
        channels=as_table(channels),
    )


async def write() -> None:
    protected = await outcomes(settings(protect_channels=True))
    text = page(await outcomes(settings()), protected)
    await asyncio.to_thread(PAGE.write_text, text, encoding="utf-8")


if __name__ == "__main__":
    asyncio.run(write())
