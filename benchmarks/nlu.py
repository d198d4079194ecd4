"""How well and how fast messages are understood: HWU64 (fold 1) and Banking77.

    python benchmarks/nlu.py --data DIR [--weights FOLDER] [--rasa PYTHON]

DIR holds `hwu64/` and `banking77/`, each with `train.jsonl` and `test.jsonl`; a line is
`{"text", "intent", "entities": [{"start", "end", "entity", "value"}]}`. The pipeline is the one
suggested to a bot without a configuration; with `--weights` a LanguageModelFeaturizer stands in it.
`-10` are ten training examples of each intent, drawn with the seeds 0, 1 and 2. A message that the
fallback rejects counts by the intent behind it. Entities count when type, beginning and end are
right. `--seeds` trains so many times on all examples, with the seeds from 0 on. CPU seconds are of
all processes, peak memory that of the first one so far: ask for one set at a time.

`--rasa` trains DIET of the original on the same examples, with its suggested pipeline, by a Python
in which it is installed; `--rasa-epochs` and `--limit` make a try of it short.
"""

import argparse
import json
import os
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from original_nlu import Original
from report import Row, percentile, print_table

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Generation
from tertulia.core.understanding import Understanding
from tertulia.data.nlu.model import Entity, Example, NluData
from tertulia.nlu.classifiers.fallback import FALLBACK_INTENT
from tertulia.nlu.config import ComponentConfig, read_pipeline
from tertulia.nlu.pipeline import Pipeline, train_pipeline

PARTS = ("train", "test")
SETS = ("hwu64", "hwu64-10", "banking77", "banking77-10")
_FEW, _SEEDS = 10, (0, 1, 2)
_LATENCY_SAMPLES = 500
PLACE = SourceSpan("<benchmark>")

_STUDY = "study beforehand, same split, two cores"
_DIET = "Bunk et al. 2020, mean of ten folds"
ANCHORS = (
    Row("nlu", "hwu64", "intent accuracy", "", (0.8885,), "", "n-grams + linear SVM", _STUDY),
    Row("nlu", "hwu64", "intent accuracy", "", (0.8819,), "", "DIET, sparse", _DIET),
    Row("nlu", "hwu64", "entity F1", "", (0.735,), "", "linear SVM + Viterbi", _STUDY),
    Row("nlu", "banking77", "intent accuracy", "", (0.913,), "", "n-grams + linear SVM", _STUDY),
    Row(
        "nlu", "banking77", "intent accuracy", "", (0.9366,), "", "BERT-large, tuned",
        "Casanueva et al. 2020",
    ),
    Row(
        "nlu", "banking77-10", "intent accuracy", "", (0.8519,), "", "USE+ConveRT",
        "Casanueva et al. 2020",
    ),
)  # fmt: skip


class Answer(NamedTuple):
    """What was understood. intent: the one behind a fallback. entities: type, begin, end."""

    intent: str | None
    confidence: float
    entities: set[tuple[Any, Any, Any]]


def main() -> None:
    """Train and test on each set that is there."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", action="append", choices=SETS, dest="sets")
    parser.add_argument("--seeds", type=int, default=1, metavar="N", help="of a whole set")
    parser.add_argument("--weights", type=Path, help="folder with a language model")
    parser.add_argument("--rasa", type=Path, metavar="PYTHON", help="a Python with rasa installed")
    parser.add_argument("--rasa-epochs", type=int, default=100, metavar="N")
    parser.add_argument(
        "--limit", type=int, metavar="N", help="only N examples to learn and to ask"
    )
    parser.add_argument("--json", action="store_true", help="rows for a program, no table")
    given = parser.parse_args()
    original = Original(given.rasa, given.rasa_epochs) if given.rasa else None
    rows: list[Row] = []
    for name in given.sets or SETS:
        folder = given.data / name.removesuffix("-10")
        if not folder.is_dir():
            print(f"there is no {folder}", file=sys.stderr)
            continue
        train, test = (limited(read(folder / f"{part}.jsonl"), given.limit) for part in PARTS)
        rows += measure(name, train, test, given.weights, seeds=given.seeds)
        if original is not None:
            rows += measure(name, train, test, original)
        rows += [row for row in ANCHORS if row.case == name]
    rows.sort(key=lambda row: (row.case, row.figure))
    if given.json:
        json.dump([asdict(row) for row in rows], sys.stdout)
    else:
        print_table(rows)


def measure(
    name: str,
    train: Sequence[Example],
    test: Sequence[Example],
    how: Path | Original | None,
    *,
    seeds: int = 1,
) -> list[Row]:
    """Return the figures of one set, once or once for each seed.

    how: the original, or the weights of a language model for ours, None for none. seeds: how
    often ours is trained on all examples; what is drawn of them has seeds of its own.
    """
    is_few = name.endswith("-10")
    drawn = [few(train, seed) for seed in _SEEDS] if is_few else [train]
    if isinstance(how, Original):
        found = [asked(how, part, test) for part in drawn]
        engine = f"rasa, DIET, {how.epochs} epochs"
    else:
        lessons = [(part, 0) for part in drawn] if is_few else [(train, at) for at in range(seeds)]
        found = [once(part, test, how, seed) for part, seed in lessons]
        engine = "tertulia" if how is None else f"tertulia, {how.name}"
    return [
        Row("nlu", name, figure, unit, tuple(one[figure, unit] for one in found), "", engine)
        for figure, unit in found[0]
    ]


def limited(examples: Sequence[Example], limit: int | None) -> list[Example]:
    """Return all examples, or so many drawn by chance."""
    if limit is None or limit >= len(examples):
        return list(examples)
    return random.Random(0).sample(list(examples), limit)


def few(train: Sequence[Example], seed: int) -> list[Example]:
    """Return ten examples of each intent: the first after a shuffle."""
    shuffled = list(train)
    random.Random(seed).shuffle(shuffled)
    counts: Counter[str | None] = Counter()
    kept: list[Example] = []
    for example in shuffled:
        counts[example.intent] += 1
        if counts[example.intent] <= _FEW:
            kept.append(example)
    return kept


def once(
    train: Sequence[Example], test: Sequence[Example], weights: Path | None, seed: int
) -> dict[tuple[str, str], float]:
    """Return figures by name and unit."""
    wall, cpu = time.perf_counter(), cpu_seconds()
    pipeline = learn(train, weights, seed)
    wall, cpu = time.perf_counter() - wall, cpu_seconds() - cpu
    found = [answer(pipeline.parse(example.text)) for example in test]
    took = latencies(pipeline, [example.text for example in test[:_LATENCY_SAMPLES]])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures(found, test, took) | {
        ("training, wall", "s"): wall,
        ("training, CPU", "s"): cpu,
        ("peak memory", "MiB"): peak,
    }


def cpu_seconds() -> float:
    """Return those of this process and of the ones that it began and that have ended."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def asked(
    original: Original, train: Sequence[Example], test: Sequence[Example]
) -> dict[tuple[str, str], float]:
    """Return the same figures of the original."""
    found = original.ask([plain(one) for one in train], [one.text for one in test])
    answers = [
        Answer(
            one["intent"]["name"],
            one["intent"]["confidence"],
            {(each["entity"], each["start"], each["end"]) for each in one["entities"]},
        )
        for one in found["answers"]
    ]
    return figures(answers, test, [one["took"] for one in found["answers"]]) | {
        ("training, wall", "s"): found["wall"],
        ("training, CPU", "s"): found["cpu"],
        ("peak memory", "MiB"): found["peak"],
    }


def figures(
    found: Sequence[Answer], test: Sequence[Example], took: Sequence[float]
) -> dict[tuple[str, str], float]:
    """Return how well and how fast was answered. took: milliseconds."""
    right = sum(one.intent == example.intent for one, example in zip(found, test, strict=True))
    own = {
        ("intent accuracy", ""): right / len(test),
        ("parse, p50", "ms"): percentile(took, 0.5),
        ("parse, p99", "ms"): percentile(took, 0.99),
        ("calibration error", ""): calibration_error(found, test),
    }
    if any(example.entities for example in test):
        own["entity F1", ""] = span_f1(found, test)
    return own


def read(path: Path) -> list[Example]:
    """Return the examples of a file of JSON lines."""
    return [_example(json.loads(line)) for line in path.read_text().splitlines()]


def answer(found: Understanding) -> Answer:
    """Return what counts; of a fallback, the intent behind it."""
    ranking = found.intent_ranking or ()
    behind = found.intent.name == FALLBACK_INTENT and len(ranking) > 1
    best = ranking[1] if behind else found.intent
    entities = {(one.get("entity"), one.get("start"), one.get("end")) for one in found.entities}
    return Answer(best.name, best.confidence, entities)


def plain(example: Example) -> dict[str, Any]:
    """Return an example as the JSON format of the original has it."""
    entities = [
        {"start": one.start, "end": one.end, "entity": one.entity, "value": one.value}
        for one in example.entities
    ]
    return {"text": example.text, "intent": example.intent, "entities": entities}


def calibration_error(found: Sequence[Answer], test: Sequence[Example]) -> float:
    """Return the expected calibration error of the first intents, in ten bins of equal width."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for one, example in zip(found, test, strict=True):
        right = one.intent == example.intent
        bins.setdefault(min(9, int(one.confidence * 10)), []).append((one.confidence, right))
    off = (abs(sum(c for c, _ in own) - sum(right for _, right in own)) for own in bins.values())
    return sum(off) / len(test)


def learn(train: Sequence[Example], weights: Path | None = None, seed: int = 0) -> Pipeline:
    """Return the suggested pipeline, trained; with weights it has a language model."""
    diagnostics = Diagnostics()
    generation = Generation.MODERN
    configs = read_pipeline(None, generation=generation, at=PLACE, diagnostics=diagnostics)
    if weights is not None:
        name, params = "LanguageModelFeaturizer", {"model_weights": str(weights)}
        own = ComponentConfig(name=name, written=name, params=params, at=PLACE)
        configs.insert(1, own)
    return train_pipeline(
        configs,
        NluData(examples=tuple(train)),
        generation=generation,
        diagnostics=diagnostics,
        seed=seed,
    )


def latencies(pipeline: Pipeline, texts: Sequence[str]) -> list[float]:
    """Return how long each text takes, in milliseconds."""
    took: list[float] = []
    for text in texts:
        begun = time.perf_counter()
        pipeline.parse(text)
        took.append((time.perf_counter() - begun) * 1e3)
    return took


def span_f1(found: Sequence[Answer], test: Sequence[Example]) -> float:
    """Return the micro-averaged F1 of entities."""
    counts: Counter[str] = Counter()
    for one, example in zip(found, test, strict=True):
        wanted = {(entity.entity, entity.start, entity.end) for entity in example.entities}
        right, given = len(wanted & one.entities), len(one.entities)
        counts.update(right=right, wanted=len(wanted), given=given)
    return 2 * counts["right"] / max(1, counts["wanted"] + counts["given"])


def _example(raw: dict[str, Any]) -> Example:
    entities = tuple(
        Entity(start=one["start"], end=one["end"], entity=one["entity"], value=one["value"])
        for one in raw["entities"]
    )
    return Example(text=raw["text"], intent=raw["intent"], entities=entities, span=PLACE)


if __name__ == "__main__":
    main()
