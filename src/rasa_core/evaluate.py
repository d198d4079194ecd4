"""`python -m rasa_core.evaluate`, since 0.14 `rasa_core.test`: test a dialogue model on stories.

Source: spec cli.md section 1, evaluation.md section 1.4.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rasa_core.arguments import make_parser, refuse_later
from tertulia.cli.border import guarded

_MODES = ("default", "compare")


def parse(arguments: Sequence[str], program: str = "rasa_core.evaluate") -> argparse.Namespace:
    """Return the options; wrong usage ends the program with status 2."""
    parser = make_parser(program, "Test dialogue models on stories.")
    mode = "default"
    if arguments and arguments[0] in _MODES:
        mode, arguments = arguments[0], arguments[1:]
    parser.set_defaults(mode=mode)
    parser.add_argument("-s", "--stories", type=Path, required=True, help="file or folder")
    parser.add_argument(
        "-d", "--core", type=Path, required=True, help="the model; to compare, a folder of runs"
    )
    parser.add_argument("-u", "--nlu", type=Path, help="NLU model, for --e2e")
    parser.add_argument("-m", "--max_stories", type=_count, help="test only the first")
    parser.add_argument("-o", "--output", type=Path, default=Path("results"), help="folder")
    parser.add_argument(
        "--e2e", "--end-to-end", dest="end_to_end", action="store_true", help="test NLU as well"
    )
    parser.add_argument("--endpoints", type=Path, help="has no effect: no action runs in a test")
    parser.add_argument(
        "--fail_on_prediction_errors", action="store_true", help="stop at the first mistake"
    )
    refuse_later(parser, "--url", instead="Download the stories, then name them with -s.")
    return parser.parse_args(arguments)


def _count(text: str) -> int:
    if (count := int(text)) < 1:
        raise ValueError
    return count


def main(arguments: Sequence[str], program: str = "rasa_core.evaluate") -> int:
    """Test; return the exit status."""
    options = vars(parse(arguments, program))

    def work() -> int:
        from tertulia.cli.legacy_tests import test_dialogue
        from tertulia.cli.logs import log_to_stderr

        log_to_stderr(options.pop("level"))
        return test_dialogue(options)

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
