"""A bot that reminds, and the action server that tells it when; the test turns the dials.

Source: spec sdk.md sections 1 and 2 (request, answer).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

Json = Any

CONFIG = """
recipe: default.v1
assistant_id: reminding
language: en
pipeline: []
policies:
  - name: RulePolicy
"""

DOMAIN = """
version: "3.1"
intents: [schedule, cancel, hello, ring, work]
responses:
  utter_hello:
    - text: Hello.
  utter_ring:
    - text: Ring ring.
actions: [action_schedule, action_cancel, action_work]
"""

RULES = """
version: "3.1"
rules:
  - rule: schedule
    steps: [{intent: schedule}, {action: action_schedule}]
  - rule: cancel
    steps: [{intent: cancel}, {action: action_cancel}]
  - rule: hello
    steps: [{intent: hello}, {action: utter_hello}]
  - rule: ring
    steps: [{intent: ring}, {action: utter_ring}]
  - rule: work
    steps: [{intent: work}, {action: action_work}]
"""


def write_bot(folder: Path, actions: str) -> Path:
    """Write the bot's files; return their folder."""
    (folder / "data").mkdir(parents=True)
    (folder / "config.yml").write_text(CONFIG, "utf-8")
    (folder / "domain.yml").write_text(DOMAIN, "utf-8")
    (folder / "data" / "rules.yml").write_text(RULES, "utf-8")
    endpoints = f"action_endpoint:\n  url: {actions}\n"
    (folder / "endpoints.yml").write_text(endpoints, "utf-8")
    return folder


class Actions:
    """What the actions do. reminders: what `action_schedule` returns, without their times.

    due: the Unix time of these. work: how often `action_work` was called; it answers when
    `work_done` is set.
    """

    def __init__(self) -> None:
        self.reminders: list[dict[str, Json]] = []
        self.due = 0.0
        self.work = 0
        self.working = threading.Event()
        self.work_done = threading.Event()

    def answer(self, action: str) -> list[dict[str, Json]]:
        if action == "action_schedule":
            when = datetime.fromtimestamp(self.due, UTC).isoformat()
            return [{"event": "reminder", "date_time": when, **each} for each in self.reminders]
        if action == "action_cancel":
            return [{"event": "cancel_reminder"}]
        self.work += 1
        self.working.set()
        self.work_done.wait(60)
        return []


@contextmanager
def acting() -> Iterator[tuple[Actions, str]]:
    """Run the action server on a free port; give its dials, and the address of its webhook."""
    actions = Actions()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            events = actions.answer(request["next_action"])
            data = json.dumps({"events": events, "responses": []}).encode()
            try:
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)
            except ConnectionError:
                return  # whoever asked was killed

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
            """Write nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield actions, f"http://127.0.0.1:{server.server_port}/webhook"
        finally:
            actions.work_done.set()
            server.shutdown()
            thread.join()
