"""Tests NLU on examples that came over the network: of the model, or of parts of the examples.

Source: spec http_api.md "POST /model/test/intents", evaluation.md sections 2.1 to 2.4.
"""

from pathlib import Path
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError, InputProblem, ModelError
from tertulia.data.nlu import read_nlu_text
from tertulia.evaluation.nlu.folds import cross_validate
from tertulia.evaluation.nlu.report import NONE, summary
from tertulia.evaluation.nlu.results import NluEvaluation
from tertulia.evaluation.nlu.run import evaluate_nlu
from tertulia.jobs.order import MODEL, Answer, IntentsOrder
from tertulia.model.archive import read_model_bytes
from tertulia.model.load import load_model
from tertulia.training.nlu_only import nlu_trainer
from tertulia.training.project import Project, read_project


def test_order(order: IntentsOrder, folder: Path) -> Answer:
    """Return how well the examples are understood, or what is wrong with them."""
    try:
        found = _cross_validated(order) if order.folds else _tested(order, folder)
    except (InputProblem, ModelError) as problem:
        return Answer(fault="data", codes=(problem.code,), message=str(problem))
    result = summary(found)
    _as_the_api_says(result["intent_evaluation"])
    # What was not tested is null.
    return Answer(result={name: part or None for name, part in result.items()})


def _as_the_api_says(intents: dict[str, Any] | None) -> None:
    """Name what was not understood by the empty text; the files of a test say null."""
    if intents is None:
        return
    for error in intents["errors"]:
        prediction = error["intent_prediction"]
        prediction["name"] = prediction["name"] or ""
    report: dict[str, dict[str, Any] | float] = intents["report"]
    for row in report.values():
        confused: dict[str, int] = row.get("confused_with", {}) if isinstance(row, dict) else {}
        if NONE in confused:
            confused[""] = confused.pop(NONE)


def _tested(order: IntentsOrder, folder: Path) -> NluEvaluation:
    model = load_model(read_model_bytes((folder / MODEL).read_bytes()), name=MODEL)
    if model.pipeline is None:
        raise DataError("the model understands no messages, so no example can be tested")
    diagnostics = Diagnostics()
    data = read_nlu_text(
        order.text, file=order.file, env={}, must_fit=True, diagnostics=diagnostics
    )
    diagnostics.raise_if_errors()
    if not data.examples:
        raise DataError("there are no NLU examples in the body")
    return evaluate_nlu(model.pipeline, data.examples)


def _cross_validated(order: IntentsOrder) -> NluEvaluation:
    path = Path(order.file)
    path.write_text(order.text, encoding="utf-8")
    project = read_project(Project(config=(path,), nlu=(path,), env={}))
    project.diagnostics.raise_if_errors()
    found = cross_validate(
        project.nlu, nlu_trainer(project), generation=project.generation, folds=order.folds
    )
    return found.test
