"""`tertulia run --workers N`: takes the address, then starts the processes that serve it."""

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tertulia.base.errors import ConfigError
from tertulia.cli.exposure import choose_interface
from tertulia.cli.logs import chosen, log_to_file
from tertulia.cli.serving import channels_of, read_options
from tertulia.schema.channels import SOCKETIO
from tertulia.server.bind import bind
from tertulia.server.workers.supervisor import Plan, Supervisor

_WORKER = (sys.executable, "-P", "-m", "tertulia.cli.worker")


def serve_together(count: int, given: Mapping[str, Any]) -> int:
    """Serve with several processes until this one is told to stop. given: options of the command.

    Raises:
        ConfigError: the address cannot be used, or this cannot be served by several processes.
    """
    size = _size_of_locks()
    if given["store"] == "memory":
        raise ConfigError(
            "conversations in memory cannot be shared by several workers",
            hint="Leave out --store memory, or --workers (and SANIC_WORKERS).",
            code="T872",
        )
    if SOCKETIO in channels_of(read_options(given), report=False):
        raise ConfigError(
            "the channel socketio is served by one process: the requests of a client, and what is "
            "said to it, have to meet in it",
            hint="Leave out --workers (and SANIC_WORKERS), or start with `--connector rest`.",
            code="T872",
        )
    if given["log_file"] is not None:
        log_to_file(given["log_file"])
    authenticated = given["auth_token"] is not None or given["jwt_secret"] is not None
    host = choose_interface(
        given["interface"],
        authenticated=authenticated,
        enable_api=given["enable_api"],
        insecure=given["insecure"],
    )
    with (
        bind(host, given["port"]) as bound,
        tempfile.TemporaryFile() as locks,
        tempfile.TemporaryDirectory(prefix="tertulia-") as models,
    ):
        os.ftruncate(locks.fileno(), size)

        def launch(link: int) -> tuple[Sequence[str], Sequence[int]]:
            inherited = (bound.fileno(), locks.fileno(), link)
            return (*_WORKER, *map(str, inherited)), inherited

        options = {name: _as_json(value) for name, value in given.items()}
        plan = Plan(
            count=count,
            launch=launch,
            begin={"options": options, "log": chosen(), "host": host, "models": models},
            models=Path(models),
            patience=given["shutdown_timeout"],
        )
        return asyncio.run(Supervisor(plan).run())


def _size_of_locks() -> int:
    try:
        from tertulia.adapters.locks.byte_ranges import SIZE
    except ModuleNotFoundError as error:
        raise ConfigError(
            "this system cannot order conversations between several workers",
            hint="Leave out --workers.",
            code="T872",
        ) from error
    return SIZE


def _as_json(value: object) -> Any:
    return str(value) if isinstance(value, Path) else value
