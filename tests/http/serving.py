"""A real server in a thread, for clients that are programs of their own."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from litestar import Litestar
from tests.http.bot import RemoteActions, build_service
from tests.http.conftest import Profile, describe, settings_of

from tertulia.core.domain.model import Generation
from tertulia.engine.service import Service
from tertulia.server.app import create_app


@contextmanager
def served(profile: Profile, **changes: Any) -> Iterator[tuple[str, Any, Service]]:
    """A real server in a thread; give its address, its document, and what it serves."""
    settings = settings_of(profile, **changes)
    service = build_service(Generation(profile), actions=RemoteActions())
    app = create_app(service, settings)
    assert isinstance(app.app, Litestar)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()  # who comes before the server has started waits
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield (
                f"http://127.0.0.1:{bound.getsockname()[1]}",
                json.loads(json.dumps(describe(app.app, settings))),
                service,
            )
        finally:
            server.should_exit = True
            thread.join()
