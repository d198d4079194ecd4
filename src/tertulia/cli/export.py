"""`tertulia export`: sends what is stored to the event brokers of endpoints.yml.

Source: spec cli.md section 2 (export).
"""

import asyncio
import shlex
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from tertulia.cli.command import Command, logging_options
from tertulia.cli.options import store_options

if TYPE_CHECKING:
    from tertulia.engine.export import Selection, Sent


class Given(msgspec.Struct, frozen=True, kw_only=True):
    """The options, as they were given."""

    minimum_timestamp: float | None
    maximum_timestamp: float | None
    offset_timestamps_by_seconds: int | None
    conversation_ids: str | None
    after_conversation: str | None
    broker: str | None
    endpoints: Path | None
    store: Literal["sqlite", "memory"] | None


class Refused(click.ClickException):
    """The command cannot be carried out as it is; nothing was sent."""


@click.command(
    cls=Command,
    help="Send what is stored to the event brokers that endpoints.yml names, conversation after "
    "conversation. Exit status 1: nothing to send or nowhere to send it, or a broker failed; the "
    "command that goes on from there is printed then.",
)
@click.option("--minimum-timestamp", type=float, help="Only events from this time on (Unix).")
@click.option("--maximum-timestamp", type=float, help="Only events before this time (Unix).")
@click.option("--offset-timestamps-by-seconds", type=int, help="Add this to each event's time.")
@click.option("--conversation-ids", help="Only these conversations, separated by commas.")
@click.option("--after-conversation", help="Only conversations whose ids come after this one.")
@click.option("--broker", help="Only to the broker with this name.")
@store_options
@logging_options()
def export(**options: Any) -> int:
    """Send events and print how many."""
    given = Given(**options)
    sent = asyncio.run(_export(given, _selection(given)))
    click.echo(f"{sent.events} events of {sent.conversations} conversations sent")
    if sent.refused:
        click.secho(f"{sent.refused} messages were refused", fg="red", err=True)
    if sent.problem is None:
        return 1 if sent.refused else 0
    click.secho(sent.problem, fg="red", err=True)
    click.echo(f"Go on with: {_continued(given, sent)}", err=True)
    return 1


def _selection(given: Given) -> "Selection":
    from tertulia.engine.export import Selection

    low, high = given.minimum_timestamp, given.maximum_timestamp
    if low is not None and high is not None and high < low:
        raise Refused(f"the maximum timestamp {high} is below the minimum timestamp {low}.")
    ids = None
    if given.conversation_ids is not None:
        ids = [each for part in given.conversation_ids.split(",") if (each := part.strip())]
        if not ids:
            raise Refused("--conversation-ids names no conversation.")
    return Selection(
        minimum=low,
        maximum=high,
        offset=float(given.offset_timestamps_by_seconds or 0),
        ids=ids,
        after=given.after_conversation,
    )


async def _export(given: Given, wanted: "Selection") -> "Sent":
    from tertulia.app import load_endpoints
    from tertulia.brokers import recipients
    from tertulia.cli.place import project_folder
    from tertulia.data.event_brokers import name_of
    from tertulia.engine.export import Exporter, unknown_ids
    from tertulia.stores import open_store

    endpoints = load_endpoints(given.endpoints)
    configs = [each for each in endpoints.event_brokers if given.broker in (None, name_of(each))]
    if not configs:
        named = f" called '{given.broker}'" if given.broker else ""
        raise Refused(f"there is no event broker{named} in the endpoints file.")
    config, folder = endpoints.tracker_store, project_folder(None)
    brokers = await recipients(configs)
    store = await open_store(given.store, config, folder, patience=0)
    try:
        if wanted.ids is not None and (unknown := await unknown_ids(store, wanted.ids)):
            raise Refused(f"there is no conversation {', '.join(unknown)}.")
        if not await store.list_conversations(limit=1):
            raise Refused("there are no conversations in the tracker store.")
        return await Exporter(store, brokers, process_id=uuid.uuid4().hex).run(wanted)
    finally:
        await store.close()
        for broker in brokers:
            await broker.broker.close()


def _continued(given: Given, sent: "Sent") -> str:
    """Return the command line that sends what is left."""
    words = [Path(sys.argv[0]).name, "export"]
    values = msgspec.structs.asdict(given) | {"after_conversation": sent.finished}
    for name, value in values.items():
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return shlex.join(words)
