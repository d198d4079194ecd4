"""`tertulia shell`: a conversation in the terminal, in this process; no server is started.

Source: spec cli.md section 2, channels.md section 17.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tertulia.cli.command import Command, Decorated, logging_options, without_effect
from tertulia.cli.options import model_option, store_options

if TYPE_CHECKING:
    from tertulia.stores import Wanted

_ALONE = "the conversation runs in this process, without a server"


def _server_options(function: Decorated) -> Decorated:
    for name in (
        "--port",
        "--interface",
        "--auth-token",
        "--cors",
        "--credentials",
        "--connector",
        "--jwt-secret",
        "--jwt-method",
        "--request-timeout",
        "--response-timeout",
        "--log-file",
        "--ssl-certificate",
        "--ssl-keyfile",
        "--ssl-ca-file",
        "--ssl-password",
    ):
        short = {"--port": ("-p",), "--interface": ("-i",), "--auth-token": ("-t",)}.get(name, ())
        function = without_effect(name, *short, takes_value=True, why=_ALONE)(function)
    return without_effect("--enable-api", takes_value=False, why=_ALONE)(function)


@click.command(cls=Command, help="Talk to a model in the terminal; /stop or Ctrl-D ends.")
@model_option
@store_options
@click.option("--conversation-id", help="Go on with this conversation; a new one otherwise.")
@click.option("--trace", is_flag=True, help="Say with each action why it was chosen.")
@_server_options
@logging_options()
def shell(
    model: Path | None,
    endpoints: Path | None,
    store: "Wanted | None",
    conversation_id: str | None,
    trace: bool,
) -> int:
    """Talk until the person stops."""
    from tertulia.app import connect
    from tertulia.cli.terminal import converse, show_understanding
    from tertulia.model.find import find_model
    from tertulia.model.load import load_model

    loaded = load_model(path := find_model(model or Path("models")))
    if loaded.ensemble is None:
        return show_understanding(connect(loaded), sys.stdin)
    return converse(
        loaded,
        path,
        endpoints=endpoints,
        store=store,
        conversation_id=conversation_id,
        trace=trace,
    )


@click.command(cls=Command, help="Print what a model understands, one JSON object per message.")
@model_option
@logging_options()
def shell_nlu(model: Path | None) -> int:
    """Show the understanding of each line."""
    from tertulia.app import connect
    from tertulia.cli.terminal import show_understanding
    from tertulia.model.find import find_model
    from tertulia.model.load import load_model

    return show_understanding(connect(load_model(find_model(model or Path("models")))), sys.stdin)
