"""Options that several sub-commands have."""

from collections.abc import Callable
from pathlib import Path

import click

from tertulia.cli.command import PATH, Decorated

DEFAULT_ENDPOINTS = Path("endpoints.yml")
DEFAULT_MODELS = Path("models")


def port_option(function: Decorated) -> Decorated:
    """Add `-p/--port`. Port 0 lets the system choose; the address is printed."""
    return click.option(
        "-p", "--port", type=click.IntRange(0, 65535), default=5005, show_default=True
    )(function)


def model_option(function: Decorated) -> Decorated:
    """Add `-m/--model` and a trailing path that means the same; the function gets `model`."""
    option = click.option(
        "-m",
        "--model",
        type=PATH,
        default=None,
        callback=_model,
        help="A model, or a folder whose newest one is meant.  [default: models]",
    )
    word = click.argument(
        "model_word", metavar="[MODEL]", required=False, type=PATH, callback=_model_word,
        expose_value=False,
    )  # fmt: skip
    return word(option(function))


def _model(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
    word: Path | None = ctx.meta.get("model_word")
    if value is not None and word is not None:
        raise click.UsageError("the model is given twice, as a word and with --model.", ctx)
    ctx.meta["model_option"] = value
    return value or word


def _model_word(ctx: click.Context, param: click.Parameter, value: Path | None) -> None:
    if value is None:
        return
    if ctx.meta.get("model_option") is not None:
        raise click.UsageError("the model is given twice, as a word and with --model.", ctx)
    ctx.meta["model_word"] = value
    ctx.params["model"] = value


def store_options(function: Decorated) -> Decorated:
    """Add `--endpoints` and `--store`; the function gets `endpoints` and `store`."""
    function = click.option(
        "--endpoints",
        type=PATH,
        callback=if_there(DEFAULT_ENDPOINTS),
        help="Where the other servers are.  [default: endpoints.yml, if it is there]",
    )(function)
    return click.option(
        "--store",
        type=click.Choice(["sqlite", "memory"]),
        help="Where conversations are kept, whatever the endpoints say; those in memory end with "
        "the program.  [default: as the endpoints say, else sqlite]",
    )(function)


def if_there(
    default: Path,
) -> Callable[[click.Context, click.Parameter, Path | None], Path | None]:
    """Return a callback that takes the default file where it exists and no other is named."""

    def choose(ctx: click.Context, param: click.Parameter, value: Path | None) -> Path | None:
        return value or (default if default.is_file() else None)

    return choose
