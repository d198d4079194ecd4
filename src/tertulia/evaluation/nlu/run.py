"""Tests a pipeline on examples.

Source: spec evaluation.md sections 2.1 to 2.3.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tertulia.core.understanding import RankedIntent, Understanding
from tertulia.data.nlu import Example
from tertulia.evaluation.nlu.results import EntityResult, LabelResult, NluEvaluation
from tertulia.nlu.classifiers.fallback import FALLBACK_INTENT
from tertulia.nlu.pipeline import Pipeline

Json = Any
Progress = Callable[[float], None]
"""Is told which share of the work is done, in [0, 1]."""

PRETRAINED = frozenset(
    {
        "DucklingEntityExtractor",
        "DucklingHTTPExtractor",
        "SpacyEntityExtractor",
        "ner_duckling",
        "ner_duckling_http",
        "ner_spacy",
    }
)
"""Extractors that learn nothing from the examples, so that nothing of theirs is compared."""

_WORD = re.compile(r"\w+|[^\w\s]")


def evaluate_nlu(
    pipeline: Pipeline, examples: Sequence[Example], *, progress: Progress | None = None
) -> NluEvaluation:
    """Return what the pipeline makes of the examples. Cost: one parse an example."""
    intents: list[LabelResult] = []
    responses: list[LabelResult] = []
    entities: list[EntityResult] = []
    for done, example in enumerate(examples, 1):
        found = pipeline.parse(example.text)
        if example.intent:
            intents.append(_intent(example.text, example.intent, found))
        if example.response_key and found.response_selector is not None:
            responses.append(_response(example, example.response_key, found.response_selector))
        entities.append(_entities(example, found))
        if progress is not None:
            progress(done / len(examples))
    return NluEvaluation(
        intents=intents,
        responses=responses,
        entities=entities,
        extractors=_compared(pipeline, entities),
    )


def _intent(text: str, expected: str, found: Understanding) -> LabelResult:
    chosen = _before_fallback(found)
    return LabelResult(
        text=text,
        expected=expected,
        predicted=chosen.name or "",
        confidence=chosen.confidence,
    )


def _before_fallback(found: Understanding) -> RankedIntent:
    """Return the best intent; the next one where a fallback took its place."""
    ranking = found.intent_ranking or ()
    if found.intent.name == FALLBACK_INTENT and len(ranking) > 1:
        return ranking[1]
    return found.intent


def _response(example: Example, expected: str, selected: Mapping[str, Json]) -> LabelResult:
    own: Mapping[str, Json] = selected.get(example.intent or "") or selected.get("default") or {}
    response: Mapping[str, Json] = own.get("response") or {}
    return LabelResult(
        text=example.text,
        expected=expected,
        predicted=response.get("intent_response_key") or "",
        confidence=response.get("confidence") or 0.0,
    )


def _entities(example: Example, found: Understanding) -> EntityResult:
    return EntityResult(
        text=example.text,
        tokens=found.tokens or tuple(match.span() for match in _WORD.finditer(example.text)),
        expected=[_plain(msgspec.structs.asdict(entity)) for entity in example.entities],
        predicted=[one for one in found.entities if one.get("extractor") not in PRETRAINED],
    )


def _plain(entity: dict[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in entity.items() if value is not None}


def _compared(pipeline: Pipeline, results: Iterable[EntityResult]) -> tuple[str, ...]:
    """Return the extractors that the examples can judge: none without annotated entities."""
    if not any(one.expected for one in results):
        return ()
    return tuple(name for name in pipeline.extractors if name not in PRETRAINED)
