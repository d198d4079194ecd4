"""A server that speaks Duckling's wire format: a posted form in, a JSON list out."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

Json = Any

TWO_DOLLARS: Json = {
    "body": "$2",
    "start": 4,
    "end": 6,
    "dim": "amount-of-money",
    "latent": False,
    "value": {"values": [], "value": 2, "type": "value", "unit": "$"},
}
FROM_NOON: Json = {
    "body": "after noon",
    "start": 7,
    "end": 17,
    "dim": "time",
    "latent": False,
    "value": {
        "values": [],
        "type": "interval",
        "from": {"value": "2026-01-02T12:00:00.000+01:00", "grain": "hour"},
    },
}


class FakeDuckling:
    """forms: what was asked, one dictionary a request."""

    def __init__(self, port: int, forms: list[dict[str, str]]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.forms = forms


@contextmanager
def fake_duckling(answer: Json, *, status: int = 200) -> Iterator[FakeDuckling]:
    """Serve one answer to every question."""
    forms: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/parse"
            raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
            forms.append({key: values[0] for key, values in parse_qs(raw).items()})
            body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_request(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield FakeDuckling(server.server_address[1], forms)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
