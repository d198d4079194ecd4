"""Trains the recorded bots and serves them in this process, without a socket."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import httpx2
from msgspec.structs import replace

from tertulia.app import AppSettings, build_service
from tertulia.core.events import SessionStarted
from tertulia.core.ports import ActionServer
from tertulia.engine.service import Service
from tertulia.model.content import Content
from tertulia.model.load import load_model
from tertulia.model.packed import pack_content
from tertulia.server.app import create_app
from tertulia.server.settings import ServerSettings
from tertulia.training.prepare import Settings
from tertulia.training.project import Project, read_project
from tertulia.training.run import Identity, train

FOLDER = Path(__file__).parent
IDENTITY = Identity(model_id="0" * 32, created="2026-01-01T00:00:00+00:00")


@cache
def modern_bot(name: str) -> Content:
    """Return a trained bot of the modern recordings."""
    bot = FOLDER / "modern" / "bots" / name
    data = (bot / "data",)
    project = Project(
        config=(bot / "config.yml",), domain=(bot / "domain.yml",), nlu=data, stories=data
    )
    return train(read_project(project), IDENTITY, Settings())


@cache
def legacy_bot(name: str, policies: str = "policies.yml") -> Content:
    """Return a trained bot of the legacy recordings, core and NLU together."""
    bot = FOLDER / "legacy" / "bots" / name
    project = Project(
        config=(bot / "nlu_config.yml", bot / policies),
        domain=(bot / "domain.yml",),
        nlu=(bot / "nlu.md",),
        stories=(bot / "stories.md",),
    )
    return train(read_project(project), IDENTITY, Settings())


@asynccontextmanager
async def served(
    content: Content,
    settings: ServerSettings,
    *,
    endpoints: Path | None = None,
    actions: ActionServer | None = None,
    sql: bool = False,
    name: str = "model.tar.gz",
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Serve a bot from memory and give a client that speaks to it.

    actions: an action server in place of the endpoints'. sql: the recorded bot had an SQL store,
    whose sessions begin at `session_started`. name: of the model.
    """
    service = await build_service(
        AppSettings(
            model=load_model(content, name=name),
            packed=pack_content(content, name),
            folder=FOLDER,
            store="memory",
            endpoints=endpoints,
        )
    )
    processor = service.processor
    if actions is not None:
        processor.outside = replace(processor.outside, actions=actions)
    if sql:
        processor.outside = replace(processor.outside, session_begins=SessionStarted)
    async with client_of(service, settings) as client:
        yield client


@asynccontextmanager
async def client_of(
    service: Service, settings: ServerSettings
) -> AsyncGenerator[httpx2.AsyncClient]:
    """Give a client that speaks to a service, which is closed in the end."""
    app = create_app(service, settings)
    service.start()
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://bot") as client:
        try:
            yield client
        finally:
            await service.close()
