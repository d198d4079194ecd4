"""`python -m rasa_core.train`: a dialogue model from a project of 0.x.

Source: spec cli.md section 1.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rasa_core.arguments import make_parser, refuse_later
from tertulia.cli.border import guarded

_MODES = ("default", "compare", "interactive")
_PERCENTAGES = [0, 5, 25, 50, 70, 90, 95]


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; wrong usage ends the program with status 2."""
    parser = make_parser("rasa_core.train", "Train a dialogue model, or several to compare.")
    mode = "default"
    if arguments and arguments[0] in _MODES:
        mode, arguments = arguments[0], arguments[1:]
    parser.set_defaults(mode=mode)
    if mode == "interactive":
        parser.error("the mode 'interactive' is `tertulia interactive` in this version.")
    parser.add_argument("-s", "--stories", type=Path, required=True, help="file or folder")
    parser.add_argument(
        "-d", "--domain", "--d", type=Path, required=True, help="domain specification (yaml)"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the model")
    parser.add_argument("--augmentation", type=int, default=50, help="stories joined at random")
    if mode == "compare":
        _add_comparison(parser)
    else:
        _add_one_model(parser)
    refuse_later(parser, "--url", instead="Download the stories, then name them with -s.")
    refuse_later(parser, "--debug_plots", instead="Draw the stories: tertulia visualize.")
    return parser.parse_args(arguments)


def _add_comparison(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c", "--config", type=Path, nargs="+", required=True, help="files with one policy each"
    )
    parser.add_argument(
        "--percentages", type=int, nargs="+", default=_PERCENTAGES, help="of stories to keep out"
    )
    parser.add_argument("--runs", type=int, default=3, help="how often each is trained")


def _add_one_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-c", "--config", type=Path, help="policies (yaml); without it the usual ones"
    )
    parser.add_argument(
        "--dump_stories", action="store_true", help="keep the stories beside the model"
    )


def main(arguments: Sequence[str]) -> int:
    """Train; return the exit status."""
    options = parse(arguments)

    def work() -> int:
        from tertulia.cli.legacy import train_dialogue, train_to_compare
        from tertulia.cli.logs import log_to_stderr

        given = vars(options)
        mode = given.pop("mode")
        log_to_stderr(given.pop("level"))
        return train_to_compare(**given) if mode == "compare" else train_dialogue(**given)

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
