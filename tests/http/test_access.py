"""Every route of the application declares what it asks of its callers."""

import pytest
from litestar import Litestar, get
from litestar.handlers import BaseRouteHandler
from litestar.routes import HTTPRoute
from tests.http.conftest import Client, Profile, connect

from tertulia.base.secret import Secret
from tertulia.server.access import declared, scope_of


def application(client: Client) -> Litestar:
    assert isinstance(client.app.app, Litestar)
    return client.app.app


def handlers_of(app: Litestar) -> list[tuple[str, BaseRouteHandler]]:
    """Return every handler that somebody wrote; those of OPTIONS alone are the framework's."""
    return [
        (route.path, handler)
        for route in app.routes
        for handler in (
            route.route_handlers if isinstance(route, HTTPRoute) else [route.route_handler]
        )
        if getattr(handler, "http_methods", None) != {"OPTIONS"}
    ]


async def test_every_route_declares_a_scope(profile: Profile) -> None:
    async with connect(profile) as client:
        found = handlers_of(application(client))
    assert found
    assert [path for path, handler in found if scope_of(handler.opt) is None] == []


@pytest.mark.parametrize("settings", [{}, {"auth_token": Secret("t")}], ids=["open", "token"])
async def test_a_route_that_declares_no_scope_is_closed_to_everybody(
    settings: dict[str, Secret],
) -> None:
    @get("/forgotten")
    async def forgotten() -> str:
        return "nobody reads this"

    @get("/declared", opt=declared("admin"))
    async def remembered() -> str:
        return "read"

    async with connect("modern", **settings) as client:
        application(client).register(forgotten)
        application(client).register(remembered)
        closed = await client.get("/forgotten?token=t")
        opened = await client.get("/declared?token=t")
    assert (closed.status_code, closed.json()["reason"]) == (403, "NotAuthorized")
    assert opened.status_code == 200
