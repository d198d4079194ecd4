"""`tertulia interactive` and `interactive core`: teach a bot by talking to it.

Source: spec evaluation.md section 5, cli.md section 2.
"""

from pathlib import Path
from typing import Any

import click

from tertulia.cli.command import PATH, Command, logging_options, together, without_effect
from tertulia.cli.options import DEFAULT_ENDPOINTS, if_there, model_option

_HERE = "the conversation runs in this process, without a server"

_options = together(
    click.option(
        "-c",
        "--config",
        type=PATH,
        multiple=True,
        metavar="PATH...",
        help="To train with, when no model is named.  [default: config.yml]",
    ),
    click.option("-d", "--domain", type=PATH, help="File or folder.  [default: domain.yml]"),
    click.option("--out", type=PATH, default=Path("models"), help="[default: models]"),
    click.option(
        "--endpoints",
        type=PATH,
        callback=if_there(DEFAULT_ENDPOINTS),
        help="Where the other servers are.  [default: endpoints.yml, if it is there]",
    ),
    click.option("--conversation-id", default="default", help="Name of the conversation."),
    click.option("--e2e", is_flag=True, help="Save as test stories, with the messages."),
    without_effect("--port", "-p", takes_value=True, why=_HERE),
    without_effect("--skip-visualization", takes_value=False, why="no page is served meanwhile"),
    logging_options(),
)


def _data(*names: str) -> Any:
    return click.option(
        *names,
        "data",
        type=PATH,
        multiple=True,
        default=(Path("data"),),
        metavar="PATH...",
        help="Training data, when no model is named.  [default: data]",
    )


@click.command(cls=Command, help="Teach a bot by talking to it; save stories and examples.")
@model_option
@_data("--data")
@_options
def interactive(**given: Any) -> int:
    """Teach both parts."""
    from tertulia.cli.teaching.start import teach

    return teach(given, nlu=True)


@click.command(cls=Command, help="Teach what a bot does; messages state their intent: /greet.")
@model_option
@_data("-s", "--stories")
@_options
def interactive_core(**given: Any) -> int:
    """Teach the dialogue part."""
    from tertulia.cli.teaching.start import teach

    return teach(given, nlu=False)
