"""moto's DynamoDB in a thread, made fit for several writers.

moto answers in several threads and is not made for that: one request at a time here. And it copies
a whole table for each item of a transaction, to go back to it; here only what may change is copied.
"""

import copy
from collections import defaultdict
from collections.abc import Callable, Iterable
from threading import Lock, Thread
from typing import Any

from moto.dynamodb.models.table import Table
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

Respond = Callable[..., Any]


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Say nothing for each request."""


def _copied(table: Table, _: object) -> Table:
    again = copy.copy(table)
    again.items = defaultdict(dict, {key: dict(rows) for key, rows in table.items.items()})
    return again


class DynamoPeer:
    """A server on a port of its own."""

    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._lock = Lock()
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self.address = ("127.0.0.1", self._server.server_port)

    def start(self) -> None:
        """Answer from now on."""
        Table.__deepcopy__ = _copied  # type: ignore[attr-defined]
        self._thread.start()

    def stop(self) -> None:
        """Answer no more."""
        del Table.__deepcopy__
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        with self._lock:
            return list(self._app(environ, respond))
