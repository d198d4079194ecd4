"""The figures of a test of NLU, in the shapes that the originals write.

Source: spec evaluation.md sections 2.1 to 2.3, http_api.md "POST /model/test/intents".
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from tertulia.evaluation.charts import Chart, ConfusionMatrix, Histogram
from tertulia.evaluation.metrics import (
    Metrics,
    confused_with,
    confusions,
    measure,
    report_with_confusions,
)
from tertulia.evaluation.nlu.results import EntityResult, Found, LabelResult, NluEvaluation
from tertulia.evaluation.nlu.tokens import NO_ENTITY, WordLabels, all_words, words_of

Json = Any

INTENT, RESPONSE = "intent", "response_selection"


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was tested: intents, responses, or one extractor.

    name: how its files begin. report: per label. confused: per label, what it was most often
    taken for. errors, successes: examples as JSON.
    """

    name: str
    title: str
    metrics: Metrics
    report: dict[str, Json]
    confused: dict[str, dict[str, int]]
    errors: list[Json]
    successes: list[Json]
    charts: dict[str, Chart]


def parts_of(evaluation: NluEvaluation) -> list[Part]:
    """Return what there is to report, intents first."""
    parts: list[Part] = []
    if evaluation.intents:
        parts.append(_label_part(INTENT, "Intents", evaluation.intents))
    if evaluation.responses:
        parts.append(_label_part(RESPONSE, "Selected responses", evaluation.responses))
    parts += [_extractor_part(name, evaluation.entities) for name in evaluation.extractors]
    return parts


def summary(evaluation: NluEvaluation) -> dict[str, Json]:
    """Return the whole result as JSON, with the keys of `/model/test/intents`."""
    parts = {part.name: part for part in parts_of(evaluation)}
    return {
        "intent_evaluation": _labels_summary(parts.get(INTENT), evaluation.intents),
        "entity_evaluation": {
            name: _summary(parts[name]) for name in evaluation.extractors if name in parts
        },
        "response_selection_evaluation": _labels_summary(parts.get(RESPONSE), evaluation.responses),
    }


def _labels_summary(part: Part | None, results: Sequence[LabelResult]) -> Json:
    if part is None:
        return None
    key = "intent" if part.name == INTENT else "intent_response_key_target"
    predictions = [
        {
            "text": one.text,
            key: one.expected,
            "predicted": one.predicted,
            "confidence": one.confidence,
        }
        for one in results
    ]
    return {"predictions": predictions, **_summary(part)}


def _summary(part: Part) -> dict[str, Json]:
    return {
        "report": part.report,
        "precision": part.metrics.weighted.precision,
        "f1_score": part.metrics.weighted.f1,
        "accuracy": part.metrics.accuracy,
        "errors": part.errors,
    }


def _label_part(name: str, title: str, results: Sequence[LabelResult]) -> Part:
    targets = [one.expected for one in results]
    guesses = [one.predicted or NONE for one in results]
    return Part(
        name=name,
        title=title,
        metrics=measure(targets, guesses),
        report=report_with_confusions(targets, guesses),
        confused=confused_with(targets, guesses),
        errors=[_as_json(name, one) for one in results if not one.is_right],
        successes=[_as_json(name, one) for one in results if one.is_right],
        charts={
            f"{name}_confusion_matrix": _matrix(f"{title}: confusion matrix", targets, guesses),
            f"{name}_histogram": Histogram(
                title=f"{title}: confidence of predictions",
                right=[one.confidence for one in results if one.is_right],
                wrong=[one.confidence for one in results if not one.is_right],
            ),
        },
    )


NONE = "None"
"""Label where nothing was recognised."""


def _as_json(name: str, one: LabelResult) -> Json:
    predicted = {"name": one.predicted or None, "confidence": one.confidence}
    if name == INTENT:
        return {"text": one.text, "intent": one.expected, "intent_prediction": predicted}
    return {
        "text": one.text,
        "intent_response_key_target": one.expected,
        "intent_response_key_prediction": predicted,
    }


def _extractor_part(name: str, results: Sequence[EntityResult]) -> Part:
    words = list(all_words(results, name))
    targets, guesses = [one.expected for one in words], [one.predicted for one in words]
    wrong = [one for one in results if not _is_right(one, name)]
    right = [one for one in results if one.expected and _is_right(one, name)]
    title = f"Entities by {name}"
    charts: dict[str, Chart] = {
        f"{name}_confusion_matrix": _matrix(f"{title}: confusion matrix", targets, guesses)
    }
    if histogram := _histogram(title, words):
        charts[f"{name}_histogram"] = histogram
    return Part(
        name=name,
        title=title,
        metrics=measure(targets, guesses, without=NO_ENTITY),
        report=report_with_confusions(targets, guesses, without=NO_ENTITY),
        confused=confused_with(targets, guesses),
        errors=[_entities_as_json(one, name) for one in wrong],
        successes=[_entities_as_json(one, name) for one in right],
        charts=charts,
    )


def _is_right(result: EntityResult, name: str) -> bool:
    return all(word.is_right for word in words_of(result, name))


def _histogram(title: str, words: Sequence[WordLabels]) -> Histogram | None:
    sure = [(one.confidence, one.is_right) for one in words if one.confidence is not None]
    if not sure:
        return None
    return Histogram(
        title=f"{title}: confidence of predictions",
        right=[confidence for confidence, is_right in sure if is_right],
        wrong=[confidence for confidence, is_right in sure if not is_right],
    )


def _entities_as_json(result: EntityResult, name: str) -> Json:
    own: list[Found] = [one for one in result.predicted if one.get("extractor") == name]
    return {"text": result.text, "entities": result.expected, "predicted_entities": own}


def _matrix(title: str, targets: Sequence[str], guesses: Sequence[str]) -> ConfusionMatrix:
    found = confusions(targets, guesses)
    return ConfusionMatrix(title=title, labels=found["labels"], counts=found["matrix"])
