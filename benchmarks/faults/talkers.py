"""The load: conversations that never skip a message, whatever the servers do.

A message that got no answer is sent again, under the same key, to the other server, until it is
answered: with the bot's answer, or with the word that its turn was cut off (409), in which case it
is in the log and is not done again.
"""

import asyncio
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from replicas import Replica

_ANSWER_WITHIN = 15.0
_PAUSE = 0.1


@dataclass
class Said:
    """What one conversation has sent, by number: how it ended, and what its reminders are."""

    name: str
    answered: list[int] = field(default_factory=list[int])
    cut_off: list[int] = field(default_factory=list[int])
    refused: list[str] = field(default_factory=list[str])
    scheduled: list[str] = field(default_factory=list[str])
    sent: int = 0
    under_way: bool = False


@dataclass
class Talkers:
    """All conversations. until_stopped: they go on until `stop`."""

    replicas: Sequence[Replica]
    count: int
    reminds: bool = True
    said: list[Said] = field(default_factory=list[Said])
    latencies: list[float] = field(default_factory=list[float])
    repeats: int = 0
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False

    async def talk(self) -> None:
        """Lead all conversations."""
        self.said = [Said(f"talker-{number}") for number in range(self.count)]
        limits = httpx2.Limits(max_connections=2 * self.count)
        async with httpx2.AsyncClient(
            timeout=_ANSWER_WITHIN, limits=limits, trust_env=False
        ) as client:
            await asyncio.gather(*(self._lead(client, said) for said in self.said))

    async def go_on(self, messages: int, seconds: float) -> None:
        """Wait until so many more messages have been settled, but not longer than this."""
        wanted, until = len(self.latencies) + messages, time.monotonic() + seconds
        while True:
            if len(self.latencies) >= wanted or time.monotonic() > until:
                return
            await asyncio.sleep(0.05)

    def stop(self) -> None:
        """Let each conversation end what it has begun, and say no more."""
        self._stopping = True

    async def _lead(self, client: httpx2.AsyncClient, said: Said) -> None:
        while not self._stopping:
            said.sent += 1
            said.under_way = True
            body = {"sender": said.name, "message": f'/say{{"n": "{said.sent}"}}'}
            begun = time.perf_counter()
            status = await self._settle(client, said, "/webhooks/rest/webhook", body, said.sent)
            self.latencies.append(time.perf_counter() - begun)
            if len(self.latencies) >= self.count:
                self.begun.set()
            if status in (200, 409):
                (said.answered if status == 200 else said.cut_off).append(said.sent)
            said.under_way = False
            if self.reminds and said.sent % 5 == 0:
                await self._remind(client, said)
            await asyncio.sleep(0.02)

    async def _remind(self, client: httpx2.AsyncClient, said: Said) -> None:
        name = f"{said.name}-{said.sent}"
        due = datetime.now(UTC) + timedelta(seconds=2)
        body = {
            "event": "reminder",
            "name": name,
            "intent": "ring",
            "date_time": due.isoformat(),
            "kill_on_user_msg": False,
        }
        path = f"/conversations/{said.name}/tracker/events?execute_side_effects=true"
        if await self._settle(client, said, path, body, f"remind-{name}") == 200:
            said.scheduled.append(name)

    async def _settle(
        self, client: httpx2.AsyncClient, said: Said, path: str, body: Any, key: object
    ) -> int:
        """Send one request until it is settled; return the status."""
        headers = {"Idempotency-Key": str(key), "Content-Type": "application/json"}
        tries = hash(said.name) + said.sent
        while True:
            replica = self.replicas[tries % len(self.replicas)]
            try:
                answer = await client.post(
                    replica.base + path, content=json.dumps(body), headers=headers
                )
                status = answer.status_code
            except httpx2.HTTPError:
                status = 0
            if status in {200, 409}:
                return status
            if 400 <= status < 500 and status != 429:
                said.refused.append(f"{path} {status} {answer.text[:200]}")
                return status
            tries += 1
            self.repeats += 1
            await asyncio.sleep(_PAUSE)
