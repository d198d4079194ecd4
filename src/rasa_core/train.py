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


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; wrong usage ends the program with status 2."""
    parser = make_parser("rasa_core.train", "Train a dialogue model.")
    mode = "default"
    if arguments and arguments[0] in _MODES:
        mode, arguments = arguments[0], arguments[1:]
    if mode != "default":
        parser.error(f"the mode '{mode}' is not available in this version.")
    parser.add_argument("-s", "--stories", type=Path, required=True, help="file or folder")
    parser.add_argument(
        "-d", "--domain", "--d", type=Path, required=True, help="domain specification (yaml)"
    )
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for the model")
    parser.add_argument(
        "-c", "--config", type=Path, help="policies (yaml); without it the usual ones"
    )
    parser.add_argument("--augmentation", type=int, default=50, help="stories joined at random")
    parser.add_argument(
        "--dump_stories", action="store_true", help="keep the stories beside the model"
    )
    refuse_later(parser, "--url", instead="Download the stories, then name them with -s.")
    refuse_later(
        parser, "--debug_plots", instead="Check the stories: tertulia data validate stories."
    )
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    """Train; return the exit status."""
    options = parse(arguments)

    def work() -> int:
        from tertulia.cli.legacy import train_dialogue
        from tertulia.cli.logs import log_to_stderr

        log_to_stderr(options.level)
        return train_dialogue(
            stories=options.stories,
            domain=options.domain,
            config=options.config,
            out=options.out,
            augmentation=options.augmentation,
            dump_stories=options.dump_stories,
        )

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
