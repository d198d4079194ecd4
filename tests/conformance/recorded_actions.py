"""An action server that answers as the recorded one did, and checks what it is asked."""

import gzip
import json
from collections import defaultdict, deque
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import msgspec

from tertulia.adapters.remote.actions import HttpActionServer
from tertulia.adapters.remote.client import EndpointClient
from tertulia.schema.endpoints import ActionEndpoint

from .normal import first_difference, normal


class RecordedActions:
    """Gives each conversation its recorded answers in their order.

    differences: what was asked otherwise than recorded. total: requests seen.
    """

    def __init__(self, path: Path) -> None:
        self.total = 0
        self.expected = 0
        self.differences: list[str] = []
        self._waiting: dict[str, deque[dict[str, Any]]] = defaultdict(deque)
        for line in gzip.decompress(path.read_bytes()).decode("utf-8").splitlines():
            exchange = json.loads(line)
            self._waiting[exchange["request"]["body"]["sender_id"]].append(exchange)
            self.expected += 1

    def server(self) -> HttpActionServer:
        """Return the product's adapter, speaking to the recording in place of a socket."""
        endpoint = ActionEndpoint(url="http://actions/webhook")
        transport = httpx2.MockTransport(self._answer)
        return HttpActionServer(endpoint, client=EndpointClient(endpoint, transport=transport))

    def left_over(self) -> list[str]:
        """Return what was recorded and never asked."""
        return [
            f"{sender}: {exchange['request']['body']['next_action']} was not asked"
            for sender, exchanges in self._waiting.items()
            for exchange in exchanges
        ]

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        asked: dict[str, Any] = json.loads(request.content)
        self.total += 1
        waiting = self._waiting[asked["sender_id"]]
        if not waiting:
            self.differences.append(f"{asked['sender_id']}: {asked['next_action']} is too much")
            return httpx2.Response(500)
        exchange = waiting.popleft()
        self._compare(exchange["request"]["body"], asked)
        answer = exchange["response"]
        recorded = exchange["request"]["body"]["tracker"]["latest_event_time"]
        later = asked["tracker"]["latest_event_time"] - recorded
        body = _moved(answer["body"], later)
        return httpx2.Response(answer["status"], content=msgspec.json.encode(body))

    def _compare(self, wanted: dict[str, Any], asked: dict[str, Any]) -> None:
        """Compare the recorded keys; more keys are sent for action servers of other versions."""
        wanted, asked = normal(wanted), normal(asked)
        for part in ("tracker", "domain"):
            asked[part] = {key: asked[part].get(key) for key in wanted[part]}
        if wanted != asked:
            where = f"{wanted['sender_id']}, {wanted['next_action']}"
            self.differences.append(f"{where}: {first_difference(wanted, asked)}")


def _moved(answer: Any, seconds: float) -> Any:
    """Return the answer with its reminders as far from now as they were from the recording."""
    for event in answer.get("events") or ():
        if event.get("event") == "reminder":
            moment = datetime.fromisoformat(event["date_time"]) + timedelta(seconds=seconds)
            event["date_time"] = moment.isoformat()
    return answer
