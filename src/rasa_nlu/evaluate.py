"""`python -m rasa_nlu.evaluate`, and since 0.15 `rasa_nlu.test`: test what is understood.

Source: spec evaluation.md sections 2.1 and 2.4.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tertulia.cli.border import guarded

_MODES = ("evaluation", "crossvalidation")


def parse(arguments: Sequence[str], program: str = "rasa_nlu.evaluate") -> argparse.Namespace:
    """Return the options; wrong usage ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog=f"python -m {program}", description="Test a model, or a pipeline by cross-validation."
    )
    parser.add_argument("-d", "--data", type=Path, required=True, help="file or folder")
    parser.add_argument("--mode", choices=_MODES, default="evaluation")
    parser.add_argument("-c", "--config", type=Path, help="pipeline, for crossvalidation")
    parser.add_argument("-m", "--model", type=Path, help="model, for evaluation")
    parser.add_argument("-f", "--folds", type=int, default=10, help="parts of a crossvalidation")
    parser.add_argument(
        "--report", type=Path, nargs="?", const=Path("reports"), help="folder for reports"
    )
    parser.add_argument(
        "--successes", type=Path, nargs="?", const=Path("successes.json"), help="what was right"
    )
    parser.add_argument("--errors", type=Path, default=Path("errors.json"), help="what was wrong")
    parser.add_argument("--histogram", type=Path, default=Path("hist.png"), help="picture")
    parser.add_argument("--confmat", type=Path, default=Path("confmat.png"), help="picture")
    level = parser.add_mutually_exclusive_group()
    for flags, value in (("-v", "--verbose"), "INFO"), (("-vv", "--debug"), "DEBUG"):
        level.add_argument(*flags, dest="level", action="store_const", const=value)
    level.add_argument("--quiet", dest="level", action="store_const", const="WARNING")
    parser.set_defaults(level="INFO")
    options = parser.parse_args(arguments)
    _check(parser, options)
    return options


def _check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    needed = "model" if options.mode == "evaluation" else "config"
    if getattr(options, needed) is None:
        parser.error(f"the mode '{options.mode}' needs --{needed}")
    if options.folds < 2:
        parser.error("--folds must be at least 2")


def main(arguments: Sequence[str], program: str = "rasa_nlu.evaluate") -> int:
    """Test; return the exit status."""
    options = vars(parse(arguments, program))

    def work() -> int:
        from tertulia.cli.legacy_tests import test_language
        from tertulia.cli.logs import log_to_stderr

        log_to_stderr(options.pop("level"))
        return test_language(options)

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
