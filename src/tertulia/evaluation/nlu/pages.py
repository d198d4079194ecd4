"""A test of NLU as sections of the page of results.

Source: spec evaluation.md section 2.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tertulia.evaluation.nlu.folds import CrossValidation, Figures
from tertulia.evaluation.nlu.report import INTENT, RESPONSE, Part
from tertulia.evaluation.page import (
    Html,
    Section,
    chart,
    folded,
    report_table,
    table,
    tag,
)

Json = Any

SHOWN = 300
"""Mistakes of one part that the page lists; all of them are in the JSON file."""


def nlu_sections(parts: Sequence[Part], *, errors: bool = True) -> list[Section]:
    """Return a section for intents, one for responses, one for each extractor."""
    return [_section(part, errors=errors) for part in parts]


def _section(part: Part, *, errors: bool) -> Section:
    scores = part.metrics.weighted
    blocks = [chart(one) for one in part.charts.values()]
    blocks.insert(0, report_table(part.report))
    if errors and part.errors:
        blocks.insert(0, _mistakes(part))
    return Section(
        title=part.title,
        facts={
            "F1": f"{scores.f1:.3f}",
            "precision": f"{scores.precision:.3f}",
            "accuracy": f"{part.metrics.accuracy:.3f}",
            "mistakes": str(len(part.errors)),
        },
        blocks=blocks,
    )


def _mistakes(part: Part) -> Html:
    shown = part.errors[:SHOWN]
    if part.name in (INTENT, RESPONSE):
        head = ("message", "expected", "predicted", "confidence")
        listed = table(head, [_label_row(one) for one in _surest_first(part.name, shown)])
    else:
        rows = [
            (annotated(one["text"], one["entities"]), annotated(one["text"], one[_PREDICTED]))
            for one in shown
        ]
        listed = table(("expected", "predicted"), rows)
    rest = len(part.errors) - len(shown)
    more = tag("p", f"and {rest} more in {part.name}_errors.json") if rest else Html("")
    return folded(f"{len(part.errors)} mistakes", listed, more, is_open=len(part.errors) <= 40)


_PREDICTED = "predicted_entities"


def _surest_first(name: str, errors: Sequence[Json]) -> list[tuple[Json, Json, Json]]:
    """Return text, expected and prediction, those first of which the bot was surest."""
    key = "intent" if name == INTENT else "intent_response_key_target"
    guess = "intent_prediction" if name == INTENT else "intent_response_key_prediction"
    found = [(one["text"], one[key], one[guess]) for one in errors]
    return sorted(found, key=lambda one: -one[2]["confidence"])


def _label_row(one: tuple[Json, Json, Json]) -> tuple[str, str, str, str]:
    text, expected, predicted = one
    return text, expected, predicted["name"] or "nothing", f"{predicted['confidence']:.3f}"


def annotated(text: str, entities: Sequence[Mapping[str, Json]]) -> Html:
    """Return a text with its entities marked; those that overlap another are listed behind it."""
    done, written, behind = 0, "", list[str]()
    for entity in sorted(entities, key=lambda one: (one.get("start") or 0, one.get("end") or 0)):
        start, end = entity.get("start"), entity.get("end")
        parts = (entity.get("entity"), entity.get("role"), entity.get("group"))
        label = ".".join(str(part) for part in parts if part)
        if not isinstance(start, int) or not isinstance(end, int) or start < done:
            behind.append(label)
            continue
        mark = tag("mark", text[start:end], " ", tag("span", label, class_="label"))
        written += tag("span", text[done:start]) + mark
        done = end
    written += tag("span", text[done:])
    return Html(written + (tag("span", f" {', '.join(behind)}", class_="label") if behind else ""))


def cross_validation_section(found: CrossValidation) -> Section:
    """Return the section that shows means and deviations over the folds."""
    blocks = [
        table(
            ("part", "figure", "on examples it learned from", "on others"),
            _figure_rows(found.on_train, found.on_test),
        )
    ]
    if found.left_out:
        blocks.append(
            tag("p", f"Left out for having too few examples: {', '.join(found.left_out)}.")
        )
    intents = found.on_test.get(INTENT, {})
    return Section(
        title="Cross-validation",
        facts={
            "folds": str(found.folds),
            **{f"{name} of intents": str(figure) for name, figure in intents.items()},
        },
        blocks=blocks,
    )


def _figure_rows(on_train: Figures, on_test: Figures) -> list[tuple[str, str, str, str]]:
    return [
        (part, name, str(on_train.get(part, {}).get(name, "")), str(figure))
        for part, figures in on_test.items()
        for name, figure in figures.items()
    ]
