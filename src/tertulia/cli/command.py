"""What all sub-commands share: several values after one option, log levels, refused options.

Source: spec cli.md section 2, common flags.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
Decorator = Callable[[Decorated], Decorated]

_LEVEL = "tertulia.cli.level"
_FORM = "tertulia.cli.log_form"
_LEVELS = ["debug", "info", "warning", "error", "critical"]

PATH: Any = click.Path(path_type=Path)
"""A path, as `Path`. Whether something is there is checked by whoever opens it."""


class Command(click.Command):
    """A command whose repeatable options take several values at once: `--data a b`.

    A last word that is an existing path, after a value, belongs to the command's own argument:
    `run --cors '*' models/mine.tar.gz`.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Write each further value with its option again, then parse as always."""
        many = {
            name
            for param in self.get_params(ctx)
            if isinstance(param, click.Option) and param.multiple
            for name in param.opts
        }
        return super().parse_args(ctx, spread(args, many, keep_last=self._ends_in_path(args)))

    def _ends_in_path(self, args: Sequence[str]) -> bool:
        if not any(isinstance(param, click.Argument) for param in self.params):
            return False
        if len(args) < 2 or args[-2].startswith("-") or args[-1].startswith("-"):
            return False
        return Path(args[-1]).exists()


def spread(args: Sequence[str], many: set[str], *, keep_last: bool) -> list[str]:
    """Return `--data a b` as `--data a --data b` for the options in `many`.

    keep_last: the last word is no value of an option.
    """
    result: list[str] = []
    option = ""
    values = 0
    for index, word in enumerate(args):
        is_last = keep_last and index == len(args) - 1
        if word.startswith("-") and len(word) > 1:
            option, values = (word if word in many else ""), 0
        elif option and not is_last:
            if values:
                result.append(option)
            values += 1
        result.append(word)
    return result


def together(*options: Decorator[Any]) -> Decorator[Any]:
    """Return one decorator that adds several options, in this order."""

    def decorate(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def logging_options(default: str = "WARNING") -> Decorator[Decorated]:
    """Add what says how much is logged, and how. default: level without them and LOG_LEVEL."""

    def start_log(ctx: click.Context, param: click.Parameter, count: int) -> None:
        from tertulia.cli.logs import log_to_stderr

        asked = ctx.meta.get(_LEVEL) or ["", "INFO", "DEBUG"][min(count, 2)]
        level = asked or os.environ.get("LOG_LEVEL", "") or default
        log_to_stderr(level, ctx.meta.get(_FORM, "text"))

    def decorate(function: Decorated) -> Decorated:
        options = (
            click.option(
                "-v",
                "--verbose",
                count=True,
                expose_value=False,
                callback=start_log,
                help="Log more; twice for even more.",
            ),
            _level_flag("--debug", "DEBUG", "Log everything."),
            _level_flag("--quiet", "WARNING", "Log only what goes wrong."),
            _kept(_LEVEL, "--log-level", click.Choice(_LEVELS, case_sensitive=False),
                  "Log from this level on."),
            _kept(_FORM, "--log-format", click.Choice(["text", "json"]),
                  "Lines for people, or a JSON object a line."),
            click.option(
                "--logging-config-file",
                type=PATH,
                expose_value=False,
                callback=_configure_log,
                help="Log as this file says: YAML with the keys of Python's dictConfig.",
            ),
        )  # fmt: skip
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


def _kept(key: str, name: str, kind: click.Choice[str], text: str) -> Decorator[Any]:
    def keep(ctx: click.Context, param: click.Parameter, value: str | None) -> None:
        if value is not None:
            ctx.meta[key] = value

    return click.option(
        name, type=kind, is_eager=True, expose_value=False, callback=keep, help=text
    )


def _configure_log(ctx: click.Context, param: click.Parameter, path: Path | None) -> None:
    if path is not None:
        from tertulia.cli.logs import log_as_configured

        log_as_configured(path)


def _level_flag(name: str, level: str, text: str) -> Decorator[Any]:
    def keep(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
        if wanted:
            ctx.meta[_LEVEL] = level

    # Eager ones are read first, and the log starts with -v, which is always read.
    return click.option(
        name, is_flag=True, is_eager=True, expose_value=False, callback=keep, help=text
    )


def without_effect(
    name: str, *short: str, takes_value: bool, why: str = "nothing here depends on it"
) -> Decorator[Decorated]:
    """Accept an option of the original that changes nothing, and say so when it is given."""

    def note(ctx: click.Context, param: click.Parameter, value: object) -> None:
        if ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE:
            click.echo(f"{name} has no effect: {why}.", err=True)

    return click.option(
        *short,
        name,
        is_flag=not takes_value,
        expose_value=False,
        callback=note,
        hidden=True,
        help=f"No effect: {why}.",
    )


def refused(
    name: str, hint: str, *, takes_value: bool = True, value_optional: bool = False
) -> Decorator[Decorated]:
    """Refuse an option of the original whose silent acceptance would mislead."""

    def refuse(ctx: click.Context, param: click.Parameter, value: object) -> None:
        if ctx.get_parameter_source(param.name or "") is click.core.ParameterSource.COMMANDLINE:
            raise not_available(name, hint)

    shape: dict[str, Any] = {"is_flag": not takes_value}
    if value_optional:
        shape = {"is_flag": False, "flag_value": ""}
    return click.option(
        name,
        **shape,
        expose_value=False,
        callback=refuse,
        hidden=True,
        help="Not available.",
    )


def not_available(name: str, hint: str) -> Exception:
    """Return the error for an option that does not exist here."""
    from tertulia.base.errors import ConfigError

    return ConfigError(f"{name} is not available in this version", hint=hint, code="T153")
