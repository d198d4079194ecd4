"""The composition root: settings in, wired service out. The only place that knows every room."""

import os
import random
import time
import uuid
from pathlib import Path
from typing import Literal

import msgspec

from tertulia.adapters.remote.actions import HttpActionServer
from tertulia.adapters.remote.responses import HttpResponseServer
from tertulia.adapters.stores.memory import MemoryStore
from tertulia.adapters.stores.sqlite import SqliteStore
from tertulia.base.diagnostics import Diagnostics
from tertulia.core.events import ActionExecuted, SessionStarted
from tertulia.core.ports import TrackerStore
from tertulia.data.endpoints import read_endpoints
from tertulia.engine.assistant import Assistant
from tertulia.engine.conversations import Conversations
from tertulia.engine.perform import Outside
from tertulia.engine.process import Processor
from tertulia.engine.service import Service
from tertulia.engine.turnstile import Turnstile
from tertulia.model.load import Model
from tertulia.schema.endpoints import ActionEndpoint, Endpoints

DATA_FOLDER = ".tertulia"
"""Folder inside a project (or the working directory) where conversations are kept."""

DATABASE = "conversations.db"


class SystemClock:
    """The computer's clock."""

    def now(self) -> float:
        """Return Unix seconds, UTC."""
        return time.time()


class RandomIds:
    """Random 128-bit ids."""

    def new(self) -> str:
        """Return 32 hexadecimal digits."""
        return uuid.uuid4().hex


class AppSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a service is built from.

    model: None serves without a bot. folder: the project's, whose `.tertulia/` holds the
    conversations. store: `sqlite`, durable, or `memory`, for tests. endpoints: a file.
    action_limit: actions the bot may take between two messages.
    """

    model: Model | None
    folder: Path
    store: Literal["sqlite", "memory"] = "sqlite"
    endpoints: Path | None = None
    action_limit: int = 10


async def build_service(settings: AppSettings) -> Service:
    """Return the wired service.

    Raises:
        ProblemsFound: the endpoints file has mistakes.
        StoreUnavailable: the conversations' file cannot be opened.
    """
    endpoints = load_endpoints(settings.endpoints)
    store = await open_store(settings)
    conversations = Conversations(store, SystemClock(), turnstile=Turnstile())
    outside = Outside(
        actions=HttpActionServer(endpoints.action_endpoint) if endpoints.action_endpoint else None,
        responses=HttpResponseServer(endpoints.nlg) if endpoints.nlg else None,
        random=random.SystemRandom(),
        tracker_events=(endpoints.action_endpoint or ActionEndpoint(url="")).tracker_events,
        session_begins=SessionStarted if endpoints.sql_store else ActionExecuted,
    )
    processor = Processor(
        conversations,
        outside,
        clock=SystemClock(),
        ids=RandomIds(),
        action_limit=settings.action_limit,
    )
    assistant = Assistant(settings.model) if settings.model is not None else None
    return Service(processor, assistant)


def load_endpoints(path: Path | None) -> Endpoints:
    """Return the endpoints of a file, none without a file.

    Raises:
        ProblemsFound: the file has mistakes.
    """
    if path is None:
        return Endpoints()
    diagnostics = Diagnostics()
    endpoints = read_endpoints(path, env=os.environ, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    return endpoints


async def open_store(settings: AppSettings) -> TrackerStore:
    """Return the store of the settings, opened."""
    if settings.store == "memory":
        return MemoryStore()
    return await SqliteStore.open(settings.folder / DATA_FOLDER / DATABASE)
