"""`tertulia config check`: whether everything that endpoints.yml names can be used."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tertulia.cli.command import Command, logging_options
from tertulia.cli.options import store_options

if TYPE_CHECKING:
    from tertulia.schema.endpoints import Endpoints
    from tertulia.stores import Wanted


class Finding(msgspec.Struct, frozen=True):
    """What was found of one section. problem: what, where and what to do; None when it is fine."""

    section: str
    what: str
    problem: str | None = None


@click.command(
    cls=Command,
    help="Connect to everything that endpoints.yml names; write, read and delete one event. "
    "Exit status 1: something cannot be used.",
)
@store_options
@logging_options()
def check(endpoints: Path | None, store: "Wanted | None") -> int:
    """Check every section and print a line for each."""
    from tertulia.app import load_endpoints

    findings = asyncio.run(_all(load_endpoints(endpoints), store))
    for finding in findings:
        if finding.problem is None:
            click.echo(f"{finding.section}: {finding.what}")
        else:
            click.secho(f"{finding.section}: {finding.problem}", fg="red", err=True)
    return 1 if any(finding.problem for finding in findings) else 0


async def _all(endpoints: "Endpoints", wanted: "Wanted | None") -> list[Finding]:
    found = [await _store(endpoints, wanted)]
    found += await _locks(endpoints, wanted)
    found += [finding async for finding in _servers(endpoints)]
    found += [finding async for finding in _brokers(endpoints)]
    return found


async def _store(endpoints: "Endpoints", wanted: "Wanted | None") -> Finding:
    from tertulia.base.errors import TertuliaError
    from tertulia.cli.place import project_folder
    from tertulia.engine.outbox import durable_feed
    from tertulia.stores import open_store, place_of_store, try_store

    config, folder = endpoints.tracker_store, project_folder(None)
    try:
        store = await open_store(wanted, config, folder, patience=0)
        try:
            await try_store(store)
            if endpoints.event_brokers:
                durable_feed(store)
        finally:
            await store.close()
    except TertuliaError as error:
        return Finding("tracker_store", "", str(error))
    place = place_of_store(wanted, config, folder) or "memory, forgotten with the process"
    return Finding("tracker_store", f"one event written, read and deleted ({place})")


async def _locks(endpoints: "Endpoints", wanted: "Wanted | None") -> list[Finding]:
    from tertulia.base.errors import TertuliaError
    from tertulia.locks import open_locks, place_of_locks

    config, kept = endpoints.lock_store, None if wanted else endpoints.tracker_store
    try:
        locks = await open_locks(config, kept)
        if locks is None:
            return []
        try:
            await locks.hold("tertulia-config-check", patience=5.0)
            locks.release("tertulia-config-check")
        finally:
            await locks.close()
    except TertuliaError as error:
        return [Finding("lock_store", "", str(error))]
    return [Finding("lock_store", f"one conversation locked ({place_of_locks(config)})")]


async def _servers(endpoints: "Endpoints") -> AsyncIterator[Finding]:
    from tertulia.adapters.remote.reach import reach
    from tertulia.base.errors import PortError
    from tertulia.schema.endpoints import Endpoint

    for section in msgspec.structs.fields(type(endpoints)):
        endpoint = getattr(endpoints, section.name)
        if not isinstance(endpoint, Endpoint) or not endpoint.url:
            continue
        try:
            address = await reach(endpoint)
        except PortError as error:
            yield Finding(section.name, "", str(error))
        else:
            yield Finding(section.name, f"{address} answers")


async def _brokers(endpoints: "Endpoints") -> AsyncIterator[Finding]:
    """Connect to every broker. No event is sent: somebody may be reading."""
    from tertulia.base.errors import TertuliaError
    from tertulia.brokers import make_broker
    from tertulia.data.event_brokers import name_of

    for config in endpoints.event_brokers:
        section = f"event_broker '{name_of(config)}'"
        try:
            broker = await make_broker(config)
            try:
                found = await broker.check()
            finally:
                await broker.close()
        except TertuliaError as error:
            yield Finding(section, "", str(error))
        else:
            yield Finding(section, found)
