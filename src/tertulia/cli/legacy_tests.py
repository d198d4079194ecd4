"""What the modules of 0.x that test do: the same tests, under the names of that time.

Source: spec evaluation.md sections 1.3 to 1.5, 2.1 and 2.4.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from tertulia.app import connect
from tertulia.cli.nlu_tests import NluTest, Repeated, cross_validation_results, model_results
from tertulia.cli.results import Results, write_results
from tertulia.cli.story_tests import StoryTest, story_results
from tertulia.cli.testing import PICTURE_KINDS, test_stories
from tertulia.evaluation.charts import Chart
from tertulia.evaluation.files import Wanted
from tertulia.evaluation.nlu.files import as_json
from tertulia.evaluation.nlu.report import INTENT, Part
from tertulia.model.archive import read_model
from tertulia.model.combine import combine
from tertulia.model.find import find_model
from tertulia.model.load import Model, load_model

Given = Mapping[str, Any]


def test_dialogue(given: Given) -> int:
    """Test the model, or all below a folder, on stories. given: `rasa_core.evaluate`'s options."""
    if given["endpoints"] is not None:
        click.echo("--endpoints has no effect: no action runs in a test.", err=True)
    if given["mode"] == "compare":
        return test_stories(_comparison(given))
    test = StoryTest(
        stories=given["stories"],
        wanted=Wanted(),
        end_to_end=given["end_to_end"],
        max_stories=given["max_stories"],
        stop=given["fail_on_prediction_errors"],
    )
    results, _ = story_results(_model(given["core"], given["nlu"]), test)
    _write(results, given["output"])
    return 0


def _comparison(given: Given) -> Given:
    return {
        "stories": given["stories"],
        "models": (given["core"],),
        "every": True,
        "out": given["output"],
        "end_to_end": given["end_to_end"],
        "max_stories": given["max_stories"],
        "stop": given["fail_on_prediction_errors"],
        "no_plot": False,
        "no_errors": False,
        "no_warnings": False,
        "successes": False,
    }


def _model(core: Path, nlu: Path | None) -> Model:
    understands = None if nlu is None else read_model(find_model(nlu))
    content = combine(read_model(find_model(core)), understands)
    return connect(load_model(content, name=str(core)))


def test_language(given: Given) -> int:
    """Test a model or a pipeline on examples. given: the options of `rasa_nlu.evaluate`."""
    test = NluTest(data=(given["data"],))
    if given["mode"] == "evaluation":
        _, parts = model_results(connect(_nlu_model(given["model"])), test)
    else:
        how = Repeated(configs=(given["config"],), folds=given["folds"])
        _, parts = cross_validation_results(test, how)
    _write(_named_as_then(parts, given), Path())
    return 0


def _nlu_model(path: Path) -> Model:
    return load_model(find_model(path))


def _named_as_then(parts: Sequence[Part], given: Given) -> Results:
    """Return the intents' files under the names that were given, reports of all in one folder."""
    files: dict[str, str] = {}
    charts: dict[str, Chart] = {}
    for part in parts:
        if given["report"] is not None:
            files[f"{given['report']}/{part.name}_report.json"] = as_json(part.report)
        if part.name != INTENT:
            continue
        files[str(given["errors"])] = as_json(part.errors)
        if given["successes"] is not None:
            files[str(given["successes"])] = as_json(part.successes)
        for option, chart in (("confmat", "confusion_matrix"), ("histogram", "histogram")):
            charts[str(given[option].with_suffix(""))] = part.charts[f"{INTENT}_{chart}"]
    return Results(files=files, charts=charts)


def _write(results: Results, out: Path) -> None:
    write_results(results, out, plots=True, title="Test results", kinds=PICTURE_KINDS)
