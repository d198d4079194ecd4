"""Puts the tests that were asked for together, and writes what they found.

Source: spec evaluation.md sections 1 and 2.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tertulia.app import connect
from tertulia.base.diagnostics import Diagnostics
from tertulia.cli.nlu_tests import (
    COMPARISON_CHART,
    NluTest,
    Repeated,
    comparison_results,
    cross_validation_results,
    is_below,
    model_results,
)
from tertulia.cli.results import NOTHING, Results, write_results
from tertulia.cli.story_comparison import CHART as STORY_CHART
from tertulia.cli.story_comparison import comparison
from tertulia.cli.story_tests import StoryTest, chosen_models, has_stories, story_results
from tertulia.data.nlu import read_nlu
from tertulia.evaluation.files import Wanted
from tertulia.evaluation.results import Evaluation
from tertulia.model.load import Model, load_model

Given = Mapping[str, Any]

_RUNS = 3
_PERCENTAGES = (0, 25, 50, 75)
PICTURE_KINDS = {COMPARISON_CHART: "pdf", STORY_CHART: "pdf", "story_confmat": "pdf"}


def test_stories(given: Given) -> int:
    """Test models on stories; those of several go into a folder each, and are compared."""
    test = _story_test(given, end_to_end=given["end_to_end"])
    paths = chosen_models(given["models"], every=given["every"])
    if len(paths) == 1:
        results, _ = story_results(_loaded(paths[0]), test)
        return _write(results, given)
    found: dict[Path, Evaluation] = {}
    for path in paths:
        click.secho(f"\n{path}", bold=True)
        results, found[path] = story_results(_loaded(path), test)
        _write(results, given, given["out"] / path.name.removesuffix(".tar.gz"))
    click.echo()
    return _write(comparison(found), given)


def test_examples(given: Given) -> int:
    """Test a model or configurations on examples."""
    results, failed = _examples(given)
    _write(results, given)
    return 1 if failed else 0


def test_both(given: Given) -> int:
    """Test on test stories and on examples; what there is none of is left out, with a word.

    Raises:
        DataError: there is neither.
    """
    if given["every"] or len(given["models"]) > 1:
        return test_stories({**given, "end_to_end": True})
    model = _newest(given)
    results, failed = _stories_if_any(given, model), False
    if model.pipeline is not None and _has_examples(given):
        more, failed = _examples(given, model)
        results += more
    _write(results, given)
    return 1 if failed else 0


def _stories_if_any(given: Given, model: Model) -> Results:
    test = _story_test(given, end_to_end=True)
    has_none = model.ensemble is None or not has_stories(model, test)
    if has_none and model.pipeline is not None and _has_examples(given):
        click.echo("There are no test stories (test_*.yml); only examples are tested.", err=True)
        return NOTHING
    return story_results(model, test)[0]


def _examples(given: Given, model: Model | None = None) -> tuple[Results, bool]:
    test = NluTest(data=given["nlu"], errors=not given["no_errors"], successes=given["successes"])
    how = Repeated(
        configs=given["config"],
        domain=given["domain"],
        folds=given["folds"],
        runs=given["runs"] or _RUNS,
        percentages=given["percentages"] or _PERCENTAGES,
        seed=given["random_seed"],
    )
    if given["cross_validation"]:
        results, parts = cross_validation_results(test, how)
    elif len(given["config"]) > 1 or given["runs"] or given["percentages"]:
        return comparison_results(test, how), False
    else:
        results, parts = model_results(model or _newest(given), test)
    return results, is_below(parts, given["fail_under"])


def _newest(given: Given) -> Model:
    paths: Sequence[Path] = given["models"]
    if len(paths) > 1:
        raise click.UsageError("name one model; several are compared by `test core` only.")
    return _loaded(chosen_models(paths, every=False)[0])


def _has_examples(given: Given) -> bool:
    paths: Sequence[Path] = given["nlu"]
    if not all(path.exists() for path in paths):
        return False
    diagnostics = Diagnostics()
    # What cannot be read is not nothing: the test itself says what is wrong with it.
    return bool(read_nlu(paths, diagnostics=diagnostics).examples or diagnostics.errors)


def _story_test(given: Given, *, end_to_end: bool) -> StoryTest:
    return StoryTest(
        stories=given["stories"],
        wanted=Wanted(
            failed=not given["no_errors"],
            successful=given["successes"],
            warnings=not given["no_warnings"],
        ),
        end_to_end=end_to_end,
        max_stories=given["max_stories"],
        stop=given["stop"],
    )


def _loaded(path: Path) -> Model:
    return connect(load_model(path))


def _write(results: Results, given: Given, out: Path | None = None) -> int:
    write_results(
        results,
        out or given["out"],
        plots=not given["no_plot"],
        title="Test results",
        kinds=PICTURE_KINDS,
    )
    return 0
