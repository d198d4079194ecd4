"""The command `tertulia`: finds the sub-command, runs it, turns failures into exit statuses.

Exit status: 0 done, 1 problems found or failed, 2 wrong usage.
Rule: a sub-command's module is imported when it is called, and none for `--help`.

Source: spec cli.md section 2.
"""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import NoReturn, cast

import click

from tertulia.cli.border import guarded

COMMANDS = {
    "init": ("init:init", "Write a starter bot into a folder and train it."),
    "train": ("train:train", "Train a model from the project's files."),
    "train core": ("train:train_core", "Train only what decides the next step."),
    "train nlu": ("train:train_nlu", "Train only what understands messages."),
    "run": ("run:run", "Serve a model over HTTP, with a chat page."),
    "run actions": ("actions:actions", "Serve custom actions to other programs."),
    "shell": ("shell:shell", "Talk to a model in the terminal."),
    "shell nlu": ("shell:shell_nlu", "Show what a model understands, as JSON."),
    "demo": ("demo:demo", "Write a bot where there is none, train it, serve the chat page."),
    "test": ("test:test", "Test a model on test stories and NLU examples."),
    "test core": ("test:test_core", "Test a model on stories."),
    "test nlu": ("test:test_nlu", "Test what a model or a configuration understands."),
    "data validate": ("validate:validate", "Check the project's files, like a compiler does."),
    "data validate stories": ("validate:validate_stories", "Check the stories for contradictions."),
    "data split nlu": ("split:split_nlu", "Part NLU examples for training and for testing."),
    "data split stories": ("split:split_stories", "Part stories for training and for testing."),
    "data convert nlu": ("convert:convert_nlu", "Write NLU data in another format."),
    "data convert core": ("convert:convert_core", "Write stories in another format."),
    "data migrate": ("migrate:migrate", "Rewrite a domain or a project for version 3.1."),
    "interactive": ("interactive:interactive", "Teach a bot by talking to it."),
    "interactive core": ("interactive:interactive_core", "Teach what a bot does, without NLU."),
    "visualize": ("visualize:visualize", "Draw the stories as one graph, in one HTML page."),
    "config check": ("config:check", "Check that everything endpoints.yml names can be used."),
    "store import": ("store:import_conversations", "Bring conversations of another store here."),
    "store prune": ("store:prune_conversations", "Erase conversations long unused."),
    "store brokers": ("store:list_brokers", "List how far event brokers have been told."),
    "export": ("export:export", "Send what is stored to event brokers once more."),
    "components": ("components:components", "List pipeline components and policies by name."),
    "telemetry": ("telemetry:telemetry", "Nothing is collected; kept for scripts that call it."),
}
"""Sub-command to where it is defined, and its line in the overview."""

ABSENT = {
    "evaluate": "Read the events over the HTTP API: /conversations/<id>/tracker.",
    "x": "Serve the chat page with `tertulia run`.",
}
"""Sub-commands of the original that do not exist here, and what to do in their place."""

_LONGEST = 3


class Program(click.Group):
    """Sub-commands whose names may be two words; each is loaded when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the overview."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a sub-command, loaded."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        return cast(click.Command, getattr(import_module(f"tertulia.cli.{module}"), attribute))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take as many words as make the longest known name."""
        for length in range(min(_LONGEST, len(args)), 0, -1):
            name = " ".join(args[:length])
            if name in COMMANDS:
                return name, self.get_command(ctx, name), args[length:]
            if name in ABSENT:
                raise click.UsageError(f"`{name}` does not exist here. {ABSENT[name]}", ctx)
        words, longer = _begun(args)
        if longer and any(arg in ctx.help_option_names for arg in args[len(words) :]):
            _show_longer(ctx, " ".join(words), longer)
        raise click.UsageError(_unknown(args), ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the overview from the table, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


def _begun(args: Sequence[str]) -> tuple[Sequence[str], list[str]]:
    """Return the words that begin names of sub-commands, and those names; none where none do."""
    for length in range(min(_LONGEST, len(args)), 0, -1):
        begin = " ".join(args[:length])
        longer = [name for name in COMMANDS if name.startswith(f"{begin} ")]
        if longer:
            return args[:length], longer
    return (), []


def _show_longer(ctx: click.Context, begin: str, names: Sequence[str]) -> NoReturn:
    """Show what a name can go on with, and end."""
    formatter = ctx.make_formatter()
    formatter.write_usage(ctx.command_path, f"{begin} COMMAND [OPTIONS]")
    with formatter.section("Commands"):
        formatter.write_dl([(name, COMMANDS[name][1]) for name in names])
    click.echo(formatter.getvalue().rstrip())
    ctx.exit()


def _unknown(args: Sequence[str]) -> str:
    words, longer = _begun(args)
    if longer:
        return f"`{' '.join(words)}` needs one more word: {', '.join(longer)}."
    close = get_close_matches(args[0], COMMANDS, n=1)
    remedy = f"Did you mean '{close[0]}'?" if close else "See `tertulia --help`."
    return f"there is no command '{args[0]}'. {remedy}"


def _show_version(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    if wanted:
        from tertulia import __version__

        python = ".".join(map(str, sys.version_info[:3]))
        click.echo(f"tertulia {__version__}\npython   {python}\nplatform {sys.platform}")
        ctx.exit()


@click.group(
    cls=Program,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    help="Train dialogue bots from Rasa projects of every generation, and serve them.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
@click.pass_context
def program(ctx: click.Context) -> int:
    """Show the overview when no sub-command is given."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        return 1
    return 0


def run_program(args: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status. args: those of the process when None."""
    return guarded(lambda: _run(args))


def _run(args: Sequence[str] | None) -> int:
    try:
        status = program.main(
            args=None if args is None else list(args),
            prog_name="tertulia",
            standalone_mode=False,
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    return status if isinstance(status, int) else 0


def main() -> NoReturn:
    """Run the command line of the process."""
    # A project's own components are found in its folder. It comes last, so that no file of a
    # project can take the place of an installed package.
    sys.path.append(os.getcwd())
    sys.exit(run_program())


if __name__ == "__main__":
    main()
