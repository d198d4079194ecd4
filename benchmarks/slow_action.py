"""What a slow action does to everybody else: 50 conversations beside one whose action takes 10 s.

    python benchmarks/slow_action.py [--seconds 10] [--clients 50]

Prints p50 and p99 of the others with and without the slow action, and their ratio. The bot and
its action server are made here; everything stays on the loopback interface.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FILES = {
    "domain.yml": """
version: "3.1"
intents: [greet, wait]
actions: [action_wait]
responses:
  utter_greet: [{text: hello}]
""",
    "rules.yml": """
version: "3.1"
rules:
- rule: greet
  steps: [{intent: greet}, {action: utter_greet}]
- rule: wait
  steps: [{intent: wait}, {action: action_wait}]
""",
    "config.yml": """
recipe: default.v1
language: en
assistant_id: slow
policies: [{name: RulePolicy}]
""",
}
TERTULIA = str(Path(sys.executable).with_name("tertulia"))


async def main() -> None:
    """Measure and print."""
    options = parse()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        actions = await asyncio.start_server(slow(options.seconds), "127.0.0.1", 0)
        port = actions.sockets[0].getsockname()[1]
        endpoint = f"action_endpoint:\n  url: http://127.0.0.1:{port}/webhook\n"
        for file, text in {**FILES, "endpoints.yml": endpoint}.items():
            (folder / file).write_text(text, "utf-8")
        train = [TERTULIA, "train", "core", "-s", "rules.yml", "--quiet"]
        await asyncio.to_thread(subprocess.run, train, cwd=folder, check=True)
        server, address = serve(folder)
        try:
            await talk(address, options.clients, options.seconds / 2)  # warm
            alone = await talk(address, options.clients, options.seconds)
            waiting = asyncio.create_task(turn(address, "slow", "/wait"))
            await asyncio.sleep(0.2)
            beside = await talk(address, options.clients, options.seconds - 0.5)
            still = not waiting.done()
            await waiting
        finally:
            server.terminate()
            server.wait(20)
            actions.close()
    for label, times in (("alone", alone), ("beside the slow action", beside)):
        figures = f"p50 {at(times, 50):.2f} ms  p99 {at(times, 99):.2f} ms"
        print(f"{label:<24} {len(times):>6} turns  {figures}")
    ratio = at(beside, 99) / at(alone, 99)
    print(f"p99 ratio {ratio:.2f}; the slow action was still running at the end: {still}")


def parse() -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--clients", type=int, default=50)
    return parser.parse_args()


def slow(seconds: float):
    """Return an action server that answers after so many seconds."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(seconds)
        body = b'{"events": [], "responses": []}'
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    return answer


def serve(folder: Path) -> tuple[subprocess.Popen[bytes], tuple[str, int]]:
    """Start the bot on a free port; return its process and address."""
    log = folder / "server.log"
    with log.open("wb") as output:
        command = [TERTULIA, "run", "--enable-api", "-p", "0"]
        server = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)
    while "address" not in (text := log.read_text("utf-8")):
        if server.poll() is not None:
            raise SystemExit(text)
        time.sleep(0.05)
    port = text.partition("address")[2].split()[0].rpartition(":")[2]
    return server, ("127.0.0.1", int(port))


async def talk(address: tuple[str, int], clients: int, seconds: float) -> list[float]:
    """Let clients talk for so long, one turn after the other; return milliseconds per turn."""
    end = time.monotonic() + seconds
    times: list[float] = []

    async def client(number: int) -> None:
        await asyncio.sleep(number / clients * 0.2)
        while time.monotonic() < end:
            started = time.perf_counter()
            await turn(address, f"c{number}", "/greet")
            times.append((time.perf_counter() - started) * 1000)
            await asyncio.sleep(0.2)  # a person reads; the server must not be the bottleneck

    await asyncio.gather(*(client(number) for number in range(clients)))
    return times


async def turn(address: tuple[str, int], sender: str, text: str) -> None:
    """Say one thing over a connection of its own and wait for the whole answer."""
    reader, writer = await asyncio.open_connection(*address)
    body = json.dumps({"sender": sender, "message": text}).encode()
    head = f"POST /webhooks/rest/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
    answer = await reader.read()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"unexpected answer: {answer[:200]!r}")
    writer.close()


def at(times: list[float], percent: int) -> float:
    """Return a percentile."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]


if __name__ == "__main__":
    asyncio.run(main())
