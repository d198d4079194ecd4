"""The page of the HTTP API names every route that an application answers, and no other."""

import re

from litestar import Litestar

from tertulia.core.domain.model import Generation
from tertulia.server.app import create_app
from tertulia.server.declare import facts_of
from tertulia.server.routes import conversations, info, parse, turns
from tertulia.server.settings import ServerSettings
from tests.docs.pages import ROOT
from tests.http.access_table import CHANNELS
from tests.http.bot import build_service

PAGE = ROOT / "docs" / "reference" / "http-api.md"


async def _routes() -> set[tuple[str, str]]:
    service = build_service(Generation.MODERN)
    settings = ServerSettings(enable_api=True, profile="legacy", channels=CHANNELS)
    app = create_app(service, settings).app
    assert isinstance(app, Litestar)
    found = {
        (method, re.sub(r"\{\w+:\w+\}", "{}", route.path))
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method not in {"OPTIONS", "HEAD"}
    }
    await service.close()
    return found


def _documented() -> set[tuple[str, str]]:
    cells = re.findall(r"^\| ([^|]+) \|", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    return {
        (method, re.sub(r"\{\w+\}", "{}", path))
        for cell in cells
        for method, path in re.findall(r"`(GET|POST|PUT|DELETE) (/\S*)`", cell)
    }


async def test_every_route_and_no_other_is_described() -> None:
    assert _documented() == await _routes()


def test_query_parameters_stand_with_their_route() -> None:
    rows = PAGE.read_text(encoding="utf-8").splitlines()
    for handler in (*info.ALWAYS, *info.API, *conversations.API, *turns.API, *parse.API):
        facts = facts_of(handler)
        assert facts is not None
        for path in handler.paths:
            shown = re.sub(r"\{\w+:\w+\}", "{id}", path)
            methods = handler.http_methods - {"OPTIONS", "HEAD"}
            mine = [row for row in rows for method in methods if f"`{method} {shown}`" in row]
            assert [name for name in facts.query if name not in "".join(mine)] == [], shown
