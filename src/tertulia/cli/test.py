"""`tertulia test`, `tertulia test core` and `tertulia test nlu`.

Source: spec cli.md section 2, evaluation.md sections 1 and 2.
"""

from pathlib import Path
from typing import Any

import click

from tertulia.cli.command import (
    PATH,
    Command,
    logging_options,
    refused,
    together,
    without_effect,
)


def _paths(*names: str, usual: str = "", about: str) -> Any:
    return click.option(
        *names,
        type=PATH,
        multiple=True,
        default=(Path(usual),) if usual else (),
        metavar="PATH...",
        help=f"{about}  [default: {usual}]" if usual else about,
    )


_MODELS = _paths(
    "-m",
    "--model",
    "models",
    usual="models",
    about="Models, or folders whose newest one is meant.",
)
_EXAMPLES = _paths("-u", "--nlu", usual="data", about="Files or folders of NLU examples.")
_CONFIGS = _paths(
    "-c", "--config", about="Configurations to train with and to compare, or to cross-validate."
)


_results = together(
    click.option(
        "--out", type=PATH, default=Path("results"), help="Folder to write.  [default: results]"
    ),
    click.option("--successes", is_flag=True, help="Write what was right, too."),
    click.option("--no-errors", is_flag=True, help="Do not write what was wrong."),
    click.option("--no-plot", is_flag=True, help="Draw no pictures."),
    logging_options(),
)


_stories = together(
    click.option("--max-stories", type=click.IntRange(min=1), help="Test only the first N."),
    click.option(
        "--fail-on-prediction-errors",
        "stop",
        is_flag=True,
        help="Stop at the first story with a wrong prediction; exit status 1.",
    ),
    click.option("--no-warnings", is_flag=True, help="Do not write stories with warnings."),
    click.option(
        "--evaluate-model-directory",
        "every",
        is_flag=True,
        help="Test every model in the folder, and compare them.",
    ),
    without_effect("--endpoints", takes_value=True, why="no action runs in a test"),
    refused("--url", "Download the stories, and name the file with --stories."),
)


_training = together(
    click.option("-d", "--domain", type=PATH, help="File or folder, for its responses."),
    click.option("--cross-validation", is_flag=True, help="Train and test on parts in turn."),
    click.option(
        "-f",
        "--folds",
        type=click.IntRange(min=2),
        default=5,
        show_default=True,
        help="Parts of a cross-validation.",
    ),
    click.option(
        "-r", "--runs", type=click.IntRange(min=1), help="Runs of a comparison.  [default: 3]"
    ),
    click.option(
        "-p",
        "--percentages",
        type=click.IntRange(0, 99),
        multiple=True,
        metavar="N...",
        help="How much of the training data to keep out.  [default: 0 25 50 75]",
    ),
    click.option(
        "--random-seed",
        type=int,
        default=42,
        show_default=True,
        help="The same seed makes the same parts and the same figures.",
    ),
)


_FAIL_UNDER = click.option(
    "--fail-under",
    type=click.FloatRange(0, 1),
    metavar="F1",
    help="Exit status 1 if the F1 of intents, responses or an extractor is less.",
)


@click.command(cls=Command, help="Test a model on test stories (test_*.yml) and NLU examples.")
@click.option("-s", "--stories", type=PATH, default=Path(), help="File or folder.  [default: .]")
@_EXAMPLES
@_MODELS
@_CONFIGS
@_stories
@_training
@_FAIL_UNDER
@_results
def test(**given: Any) -> int:
    """Test both parts."""
    from tertulia.cli.testing import test_both

    return test_both(given)


@click.command(cls=Command, help="Test a model on stories. Wrong predictions fail no test run.")
@click.option(
    "-s", "--stories", type=PATH, default=Path("data"), help="File or folder.  [default: data]"
)
@click.option(
    "--e2e",
    "--end-to-end",
    "end_to_end",
    is_flag=True,
    help="Only test stories; what is understood of their messages is compared, too.",
)
@_MODELS
@_stories
@_results
def test_core(**given: Any) -> int:
    """Test what stories say."""
    from tertulia.cli.testing import test_stories

    return test_stories(given)


@click.command(cls=Command, help="Test what a model or a configuration understands.")
@_EXAMPLES
@_MODELS
@_CONFIGS
@_training
@_FAIL_UNDER
@_results
def test_nlu(**given: Any) -> int:
    """Test on examples."""
    from tertulia.cli.testing import test_examples

    return test_examples(given)
