"""Clients of the server, in process, for each profile."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal

import httpx2
import pytest
from litestar import Litestar
from tests.http.bot import NOW, build_service

from tertulia.client import AsyncClient
from tertulia.core.domain.model import Generation
from tertulia.engine.service import Service
from tertulia.server.app import create_app
from tertulia.server.edge import Edge
from tertulia.server.header_facts import SENT
from tertulia.server.openapi import build
from tertulia.server.settings import ServerSettings

Profile = Literal["legacy", "modern"]


class Client:
    """Sends requests as they are given, and holds every answer against the API's own description.

    api: the typed client, for whatever a test needs and is not about.
    """

    def __init__(
        self, http: httpx2.AsyncClient, app: Edge, service: Service, document: Any
    ) -> None:
        self.http = http
        self.app = app
        self.service = service
        self.document = document
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)  # type: ignore[arg-type]
        self.api = AsyncClient("http://server", transport=transport, attempts=1)
        self._paths = [
            (re.compile(re.sub(r"\{\w+\}", ".+", path)), path)
            for path in sorted(document["paths"], key=len, reverse=True)
        ]

    async def __call__(self, method: str, path: str, json: Any = None, **options: Any) -> Any:
        if json is not None:
            options["json"] = json
        answer = await self.http.request(method, path, **options)
        self._check_declared(method, path.partition("?")[0], answer)
        return answer

    async def get(self, path: str, **options: Any) -> Any:
        return await self("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Any:
        return await self("POST", path, json, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> Any:
        return await self("PUT", path, json, **options)

    async def delete(self, path: str, **options: Any) -> Any:
        return await self("DELETE", path, **options)

    async def events(self, conversation: str) -> list[dict[str, Any]]:
        shown = await self.api.conversation(conversation).tracker(include_events="ALL")
        return shown.events or []

    async def say(self, text: str, sender: str = "u") -> list[str | None]:
        return [each.text for each in await self.api.conversation(sender).say(text)]

    def _check_declared(self, method: str, path: str, answer: httpx2.Response) -> None:
        for pattern, template in self._paths:
            if pattern.fullmatch(path):
                declared = self.document["paths"][template].get(method.lower())
                if declared is not None:
                    told = declared["responses"].get(str(answer.status_code))
                    assert told is not None, f"{method} {template}: {answer.status_code}"
                    sent = {name for name in SENT if name in answer.headers}
                    assert sent <= set(told.get("headers", ())), f"{method} {template}: {sent}"
                return


Connect = Callable[..., AbstractAsyncContextManager[Client]]


def settings_of(profile: Profile, **changes: Any) -> ServerSettings:
    return ServerSettings(**{"profile": profile, "enable_api": True, **changes})


_documents: dict[str, Any] = {}


def describe(app: Litestar, settings: ServerSettings) -> Any:
    """Return the API's description, which depends on nothing but the settings."""
    key = repr(settings)
    if key not in _documents:
        _documents[key] = build(app.state["handlers"], settings)
    return _documents[key]


@asynccontextmanager
async def connect(
    profile: Profile, *, service: Service | None = None, **changes: Any
) -> AsyncGenerator[Client]:
    settings = settings_of(profile, **changes)
    service = service or build_service(Generation(profile))
    edge = create_app(service, settings, now=lambda: NOW)
    assert isinstance(edge.app, Litestar)
    document = describe(edge.app, settings)
    transport = httpx2.ASGITransport(app=edge, raise_app_exceptions=False)  # type: ignore[arg-type]
    async with (
        running(edge),
        httpx2.AsyncClient(transport=transport, base_url="http://server") as http,
    ):
        client = Client(http, edge, service, document)
        async with client.api:
            yield client


@asynccontextmanager
async def running(app: Edge) -> AsyncGenerator[None]:
    """Start and stop the application as a server does."""
    told: asyncio.Queue[Any] = asyncio.Queue()
    heard: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    task = asyncio.create_task(app(scope, told.get, heard.put))
    for phase in ("startup", "shutdown"):
        await told.put({"type": f"lifespan.{phase}"})
        assert (await heard.get())["type"] == f"lifespan.{phase}.complete"
        if phase == "startup":
            yield
    await task


@pytest.fixture(params=["legacy", "modern"])
def profile(request: pytest.FixtureRequest) -> Profile:
    return request.param


@pytest.fixture
async def client(profile: Profile) -> AsyncGenerator[Client]:
    async with connect(profile) as found:
        yield found


@pytest.fixture
async def legacy() -> AsyncGenerator[Client]:
    async with connect("legacy") as found:
        yield found


@pytest.fixture
async def modern() -> AsyncGenerator[Client]:
    async with connect("modern") as found:
        yield found
