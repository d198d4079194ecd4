"""A stand-in for the action server of the form example: the same answers, without the SDK.

Source: spec sdk.md sections 1 and 2 (request, answer), 3 (unknown action).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from typing import Any

Json = Any

CUISINES = {"basque", "indian", "italian", "thai"}
FORM_SLOTS = ("cuisine", "guests", "terrace", "wishes")


def answer(request: dict[str, Json]) -> tuple[int, Json]:
    """Return status and body for one request."""
    name = request["next_action"]
    if name == "validate_table_form":
        return 200, _validate(request["tracker"])
    if name == "action_book_table":
        return 200, _book(request["tracker"])
    return 404, {"error": f"No registered action found for name '{name}'.", "action_name": name}


def _validate(tracker: dict[str, Json]) -> Json:
    events = reversed(tracker["events"])
    fresh = [*takewhile(lambda event: event["event"] == "slot", events)][::-1]
    slots: dict[str, Json] = {event["name"]: event["value"] for event in fresh}
    responses: list[Json] = []
    if slots.get("cuisine") is not None and slots["cuisine"].lower() not in CUISINES:
        responses.append(_said("utter_unknown_cuisine", cuisine=slots["cuisine"].lower()))
        slots["cuisine"] = None
    if slots.get("guests") is not None:
        text = str(slots["guests"])
        if text.isdigit() and 1 <= int(text) <= 12:
            slots["guests"] = int(text)
        else:
            responses.append(_said("utter_wrong_guests"))
            slots["guests"] = None
    return {"events": [_slot(name, value) for name, value in slots.items()], "responses": responses}


def _book(tracker: dict[str, Json]) -> Json:
    answers = {name: tracker["slots"].get(name) for name in FORM_SLOTS}
    said = _said("utter_booked", booking_reference="ABC123", **answers)
    events = [_slot("booking_reference", "ABC123"), *(_slot(name, None) for name in FORM_SLOTS)]
    return {"events": events, "responses": [said]}


def _slot(name: str, value: Json) -> Json:
    return {"event": "slot", "timestamp": None, "name": name, "value": value}


def _said(name: str, **slots: Json) -> Json:
    empty = {"text": None, "buttons": [], "elements": [], "custom": {}}
    none = {"template": name, "response": name, "image": None, "attachment": None}
    return {**empty, **none, **slots}


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        status, body = answer(json.loads(self.rfile.read(length)))
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Write nothing."""


@contextmanager
def acting() -> Iterator[str]:
    """Run the stand-in on a free port; give the address of its webhook."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/webhook"
        finally:
            server.shutdown()
            thread.join()
