"""The real server with the Socket.IO channel, on the loop of the test, and clients of it."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal

import aiohttp
import httpx2
import socketio
from tests.http.bot import RemoteActions, build_service
from tests.http.conftest import Profile, settings_of
from websockets.asyncio.client import ClientConnection, connect

from tertulia.client import AsyncClient
from tertulia.core.domain.model import Generation
from tertulia.engine.service import Service
from tertulia.schema.channels import SOCKETIO, SocketioChannel
from tertulia.server.app import create_app
from tertulia.server.run import serve
from tertulia.server.settings import ServerSettings
from tertulia.server.stopping import Stopping

Transport = Literal["polling", "websocket"]
PATIENCE = 30.0
"""Seconds that a test waits for anything before it fails."""


class Listening:
    """A running server of the Socket.IO channel. actions: what answers `action_remote`."""

    def __init__(self, base: str, actions: RemoteActions) -> None:
        self.base = base
        self.actions = actions
        self.api = AsyncClient(base, attempts=1)
        self._is_told = False

    @property
    def socket(self) -> str:
        return self.base.replace("http", "ws", 1)

    def stop(self) -> None:
        """Tell the server to end, once."""
        if not self._is_told:
            self._is_told = True
            os.kill(os.getpid(), signal.SIGTERM)

    async def events(self, conversation: str) -> list[dict[str, Any]]:
        shown = await self.api.conversation(conversation).tracker(include_events="ALL")
        return shown.events or []

    async def said(self, conversation: str) -> list[Any]:
        """Return what users said in a conversation."""
        return [e["text"] for e in await self.events(conversation) if e["event"] == "user"]


@asynccontextmanager
async def listening(
    profile: Profile = "modern",
    channel: SocketioChannel | None = None,
    *,
    with_model: bool = True,
    queue: int = 1,
    **changes: Any,
) -> AsyncGenerator[Listening]:
    """Serve the small bot."""
    actions = RemoteActions()
    service = build_service(
        Generation(profile), actions=actions, with_model=with_model, queue=queue
    )
    channels = {SOCKETIO: channel or SocketioChannel(session_persistence=True)}
    settings = settings_of(profile, channels=channels, **changes)
    async with listening_to(service, settings, actions) as server:
        yield server


@asynccontextmanager
async def listening_to(
    service: Service, settings: ServerSettings, actions: RemoteActions | None = None
) -> AsyncGenerator[Listening]:
    """Serve until the block ends."""
    stopping = Stopping(PATIENCE)
    app = create_app(service, settings, stopping=stopping)
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(
        serve(app, "127.0.0.1", 0, on_ready=ready.set_result, stopping=stopping)
    )
    await asyncio.wait((ready, task), return_when=asyncio.FIRST_COMPLETED)
    server = Listening(ready.result(), actions or RemoteActions())
    try:
        async with server.api:
            yield server
    finally:
        server.actions.hold.set()
        server.stop()
        await asyncio.wait_for(task, PATIENCE)


class Heard:
    """A client of python-socketio, and all it was told, in order."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self.client = socketio.AsyncClient(reconnection=False, http_session=session)
        self._told: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()
        request = self.client.eio._send_request

        async def whole(*given: Any, **options: Any) -> Any:
            # The library leaves bodies unread, and their connections to the garbage collector.
            answer = await request(*given, **options)
            if isinstance(answer, aiohttp.ClientResponse):
                await answer.read()
            return answer

        self.client.eio._send_request = whole

    async def next(self) -> tuple[str, Any]:
        """Return the next event: its name, and what it carries."""
        return await asyncio.wait_for(self._told.get(), PATIENCE)

    async def bot(self) -> Any:
        """Return what the bot says next."""
        name, payload = await self.next()
        assert name == "bot_uttered", (name, payload)
        return payload

    async def session(self, data: Any = None) -> Any:
        """Ask for a session, and return what is confirmed."""
        await self.client.emit("session_request", data, namespace=self._namespace)
        name, payload = await self.next()
        assert name == "session_confirm", (name, payload)
        return payload

    async def say(self, text: Any, session: str | None = None, **more: Any) -> None:
        data = {"message": text, **more} | ({} if session is None else {"session_id": session})
        await self.client.emit("user_uttered", data, namespace=self._namespace)

    async def call(self, data: Any, event: str = "user_uttered") -> Any:
        """Send an event and return its acknowledgement."""
        return await self.client.call(event, data, timeout=PATIENCE, namespace=self._namespace)

    async def nothing_more(self) -> None:
        """Hold that everything that was sent has been heard."""
        await self.call({}, "session_request")
        name, payload = await self.next()
        assert name == "session_confirm", (name, payload)
        assert self._told.empty()

    async def open(self, server: Listening, namespace: str, **options: Any) -> None:
        self._namespace = namespace
        for name in ("connect", "disconnect"):
            self.client.on(name, self._note(name), namespace=namespace)
        self.client.on("*", self._note_any, namespace=namespace)
        await self.client.connect(
            server.base, namespaces=[namespace], wait_timeout=PATIENCE, **options
        )
        assert await self.next() == ("connect", None)

    def _note(self, name: str) -> Callable[..., None]:
        return lambda *_: self._told.put_nowait((name, None))

    def _note_any(self, name: str, *payload: Any) -> None:
        self._told.put_nowait((name, payload[0] if payload else None))


@asynccontextmanager
async def connected(
    server: Listening,
    transport: Transport = "websocket",
    *,
    namespace: str = "/",
    **options: Any,
) -> AsyncGenerator[Heard]:
    """A client of python-socketio that is connected."""
    async with aiohttp.ClientSession() as session:
        heard = Heard(session)
        try:
            await heard.open(server, namespace, transports=[transport], **options)
            yield heard
        finally:
            # The library may leave its last request waiting for the server's next sign of life.
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await heard.client.disconnect()


@asynccontextmanager
async def raw(
    server: Listening, query: str = "EIO=4&transport=websocket", **options: Any
) -> AsyncGenerator[ClientConnection]:
    """A bare WebSocket at the channel's address."""
    address = f"{server.socket}/socket.io/?{query}"
    async with connect(address, proxy=None, max_size=None, close_timeout=1, **options) as found:
        yield found


async def received(connection: ClientConnection) -> str:
    found = await asyncio.wait_for(connection.recv(), PATIENCE)
    assert isinstance(found, str)
    return found


@asynccontextmanager
async def requests(server: Listening, version: int = 4) -> AsyncGenerator["Requests"]:
    async with httpx2.AsyncClient(base_url=server.base, timeout=PATIENCE, trust_env=False) as http:
        yield Requests(http, version)


class Requests:
    """A client that sends and polls with bare requests. sid: of its session, once it has one."""

    def __init__(self, http: httpx2.AsyncClient, version: int) -> None:
        self.http = http
        self.sid: str | None = None
        self._version = version

    async def poll(self, **options: Any) -> httpx2.Response:
        return await self.http.get("/socket.io/", params=self._query(), **options)

    async def push(self, body: str | bytes, **options: Any) -> httpx2.Response:
        return await self.http.post("/socket.io/", params=self._query(), content=body, **options)

    def _query(self) -> dict[str, Any]:
        known = {} if self.sid is None else {"sid": self.sid}
        return {"EIO": self._version, "transport": "polling", **known}
