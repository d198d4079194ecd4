"""`python -m rasa_core.run`: serve the two models of a project of 0.x.

Without a connector and without credentials the person at the terminal talks to the bot.

Source: spec cli.md section 1.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rasa_core.arguments import make_parser
from tertulia.cli.border import guarded


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; wrong usage ends the program with status 2."""
    parser = make_parser("rasa_core.run", "Serve a bot.")
    parser.add_argument("-d", "--core", "--d", type=Path, required=True, help="dialogue model")
    parser.add_argument("-u", "--nlu", type=Path, help="NLU model; without it only /intent{...}")
    parser.add_argument("-p", "--port", type=int, default=5005)
    parser.add_argument("--auth_token", help="secret that callers of the HTTP API show")
    parser.add_argument("--cors", nargs="*", default=[], help="allowed origins, * for all")
    parser.add_argument(
        "-o", "--log_file", type=Path, default=Path("rasa_core.log"), help="appended to"
    )
    parser.add_argument("--credentials", type=Path, help="channels to listen to (yml)")
    parser.add_argument("--endpoints", type=Path, help="where the other servers are (yml)")
    parser.add_argument("-c", "--connector", help="listen to this channel only")
    parser.add_argument("--enable_api", action="store_true", help="serve the HTTP API")
    parser.add_argument("--jwt_secret", help="shared secret or public key of signed tokens")
    parser.add_argument("--jwt_method", default="HS256")
    parser.add_argument("--interface", help="address to listen on")
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="let everybody who can reach the interface use the HTTP API",
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; return the exit status."""
    options = vars(parse(arguments))

    def work() -> int:
        from tertulia.cli.legacy import serve_dialogue
        from tertulia.cli.logs import log_to_stderr

        log_to_stderr(options.pop("level"))
        return serve_dialogue(options)

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
