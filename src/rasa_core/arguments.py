"""Command lines of the 0.x modules: what argparse accepts, they accept."""

import argparse


def make_parser(program: str, description: str) -> argparse.ArgumentParser:
    """Return a parser with the logging flags that every module has.

    Long flags may be abbreviated, wrong usage ends with status 2: both as before.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {program}", description=description)
    level = parser.add_mutually_exclusive_group()
    level.add_argument(
        "-v",
        "--verbose",
        dest="level",
        action="store_const",
        const="INFO",
        default="INFO",
        help="log what happens (default)",
    )
    level.add_argument(
        "-vv", "--debug", dest="level", action="store_const", const="DEBUG", help="log everything"
    )
    level.add_argument(
        "--quiet", dest="level", action="store_const", const="WARNING", help="log what goes wrong"
    )
    return parser


def refuse_later(parser: argparse.ArgumentParser, *flags: str, instead: str) -> None:
    """Accept flags of the original only to say that they do not exist here (status 2)."""

    class Refuse(argparse.Action):
        def __call__(
            self,
            parser: argparse.ArgumentParser,
            namespace: argparse.Namespace,
            values: object,
            option_string: str | None = None,
        ) -> None:
            parser.error(f"{option_string} is not available in this version. {instead}")

    parser.add_argument(
        *flags, action=Refuse, nargs="*", default=argparse.SUPPRESS, help=argparse.SUPPRESS
    )
