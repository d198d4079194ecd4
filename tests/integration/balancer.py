"""A load balancer as plain as they come: each request to the next server, whoever speaks in it.

A server that refuses the connection, or says that it is about to end, is passed over; a request
that may have been carried out is never sent a second time.
"""

import http.client
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

_PATIENCE = 60.0
_STOPPING = "T870"


class Balancer:
    """servers: addresses, which a test may change at any time. base: its own address."""

    def __init__(self) -> None:
        self.servers: list[str] = []
        self.passed_over = 0
        self._turn = itertools.count()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer = outer.forward(self.path, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_request(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self._server.server_address[1]}"

    def forward(self, path: str, body: bytes) -> tuple[int, bytes]:
        """Send a request to the next server that takes it; return status and body."""
        servers = list(self.servers)
        first = next(self._turn)
        for number in range(len(servers)):
            address = urlsplit(servers[(first + number) % len(servers)])
            connection = http.client.HTTPConnection(
                address.hostname or "", address.port, timeout=_PATIENCE
            )
            try:
                connection.connect()
            except ConnectionRefusedError:
                self.passed_over += 1
                continue
            try:
                connection.request("POST", path, body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, http.client.HTTPException) as error:
                return 502, repr(error).encode()
            finally:
                connection.close()
            if answer.status != 503 or json.loads(text).get("error_code") != _STOPPING:
                return answer.status, text
            assert answer.getheader("Retry-After")
            self.passed_over += 1
        return 502, b"no server takes it"

    @contextmanager
    def running(self) -> Iterator["Balancer"]:
        """Balance until the block ends."""
        thread = threading.Thread(target=self._server.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()
