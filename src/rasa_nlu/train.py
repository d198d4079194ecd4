"""`python -m rasa_nlu.train`: an NLU model from a project of 0.x.

The model is written to `<path>/<project>/<name>`.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tertulia.cli.border import guarded

_REFUSED = {
    "url": "Download the data, then name it with -d.",
    "storage": "Copy the model folder to where it belongs.",
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the options; wrong usage ends the program with status 2."""
    parser = argparse.ArgumentParser(
        prog="python -m rasa_nlu.train", description="Train an NLU model."
    )
    parser.add_argument("-o", "--path", type=Path, default=Path("models"), help="folder of models")
    parser.add_argument("-d", "--data", type=Path, help="training data: a file or a folder")
    parser.add_argument("-u", "--url", help=argparse.SUPPRESS)
    parser.add_argument("-c", "--config", type=Path, required=True, help="pipeline (yaml)")
    parser.add_argument("-t", "--num_threads", type=int, help="has no effect")
    parser.add_argument("--project", default="default", help="folder for this project's models")
    parser.add_argument("--fixed_model_name", help="instead of one made of the date")
    parser.add_argument("--storage", help=argparse.SUPPRESS)
    parser.add_argument(
        "--debug", dest="level", action="store_const", const="DEBUG", help="log everything"
    )
    parser.add_argument(
        "-v", "--verbose", dest="level", action="store_const", const="INFO", help="log more"
    )
    parser.set_defaults(level="WARNING")
    options = parser.parse_args(arguments)
    for name, hint in _REFUSED.items():
        if getattr(options, name) is not None:
            parser.error(f"--{name} is not available in this version. {hint}")
    if options.data is None:
        parser.error("one of the arguments -d/--data -u/--url is required")
    return options


def main(arguments: Sequence[str]) -> int:
    """Train; return the exit status."""
    options = parse(arguments)

    def work() -> int:
        from tertulia.cli.legacy import train_language
        from tertulia.cli.logs import log_to_stderr

        log_to_stderr(options.level)
        if options.num_threads is not None:
            sys.stderr.write("--num_threads has no effect: one thread is used.\n")
        return train_language(
            config=options.config,
            data=options.data,
            folder=options.path / options.project,
            name=options.fixed_model_name,
        )

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
