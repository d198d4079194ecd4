"""`tertulia test` and `tertulia test core`.

Source: spec cli.md section 2, evaluation.md section 1.
"""

from pathlib import Path
from typing import Any

import click

from tertulia.cli.command import (
    PATH,
    Command,
    Decorated,
    logging_options,
    refused,
    without_effect,
)

_ONLY_STORIES = "Stories are tested; messages in test stories test the understanding, too."


def _options(function: Decorated) -> Decorated:
    options = (
        click.option(
            "-m",
            "--model",
            "models",
            type=PATH,
            multiple=True,
            metavar="PATH...",
            help="Models, or folders whose newest one is meant.  [default: models]",
        ),
        click.option("--max-stories", type=click.IntRange(min=1), help="Test only the first N."),
        click.option(
            "--out", type=PATH, default=Path("results"), help="Folder to write.  [default: results]"
        ),
        click.option(
            "--fail-on-prediction-errors",
            "stop",
            is_flag=True,
            help="Stop at the first story with a wrong prediction; exit status 1.",
        ),
        click.option("--successes", is_flag=True, help="Write the stories that passed, too."),
        click.option("--no-errors", is_flag=True, help="Do not write the stories that failed."),
        click.option("--no-warnings", is_flag=True, help="Do not write stories with warnings."),
        click.option(
            "--evaluate-model-directory",
            "every",
            is_flag=True,
            help="Test every model in the folder.",
        ),
        without_effect("--endpoints", takes_value=True, why="no action runs in a test"),
        without_effect(
            "--no-plot",
            takes_value=False,
            why="the confusion matrix is written as numbers, story_confusion_matrix.json",
        ),
        refused("--url", "Download the stories, and name the file with --stories."),
        logging_options(),
    )
    for option in reversed(options):
        function = option(function)
    return function


@click.command(cls=Command, help="Test a model on test stories (test_*.yml), messages included.")
@click.option("-s", "--stories", type=PATH, help="File or folder.  [default: .]")
@_options
@refused("--nlu", _ONLY_STORIES)
@refused("--config", _ONLY_STORIES)
@refused("--domain", _ONLY_STORIES)
def test(**given: Any) -> int:
    """Test what test stories say."""
    return _test(given, stories=given["stories"] or Path(), end_to_end=True)


@click.command(cls=Command, help="Test a model on stories. Wrong predictions fail no test run.")
@click.option("-s", "--stories", type=PATH, help="File or folder.  [default: data]")
@click.option(
    "--e2e",
    "--end-to-end",
    "end_to_end",
    is_flag=True,
    help="Only test stories; what is understood of their messages is compared, too.",
)
@_options
def test_core(**given: Any) -> int:
    """Test what stories say."""
    return _test(given, stories=given["stories"] or Path("data"), end_to_end=given["end_to_end"])


def _test(given: dict[str, Any], *, stories: Path, end_to_end: bool) -> int:
    from tertulia.cli.story_tests import StoryTest, run_tests
    from tertulia.evaluation.files import Wanted

    wanted = Wanted(
        failed=not given["no_errors"],
        successful=given["successes"],
        warnings=not given["no_warnings"],
    )
    return run_tests(
        StoryTest(
            stories=stories,
            out=given["out"],
            wanted=wanted,
            end_to_end=end_to_end,
            max_stories=given["max_stories"],
            stop=given["stop"],
        ),
        given["models"] or (Path("models"),),
        every=given["every"],
    )
