"""How well messages that a bot knows nothing of are told from those that it knows.

    python benchmarks/out_of_scope.py --data DIR [--set NAME] [--seeds 0 1 2]

DIR holds `hwu64/` and `banking77/` as for nlu.py. Of each set a quarter of the intents, drawn by
the seed, is kept out of training; their test messages are near (of the same kind of bot, but new),
those of the other set are far. The pipeline is the one suggested to a bot without a configuration.

AUROC: how likely a known message gets a higher confidence than one that is out of scope; 0.5 is
chance. `softmax` is the confidence that a softmax over the known intents alone would give, with the
temperature that fits it best on the very messages of the test; `confidence` is what the pipeline
says. `rejected` is the share below a threshold, `ECE` the calibration error of known messages.
"""

import argparse
import json
import random
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import nlu
import numpy as np
from msgspec.structs import replace
from report import Row, print_table

from tertulia.core.understanding import Understanding
from tertulia.data.nlu.model import Example
from tertulia.ml.calibrate import best_temperature
from tertulia.ml.softmax import softmax
from tertulia.nlu.classifiers import label_model
from tertulia.nlu.pipeline import Pipeline

SETS = ("hwu64", "hwu64-10", "banking77", "banking77-10")
_OTHER = {"hwu64": "banking77", "banking77": "hwu64"}
_THRESHOLDS = (0.3, 0.7)
Numbers = Any


def main() -> None:
    """Train and test on each set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--set", action="append", choices=SETS, dest="sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--json", action="store_true", help="rows for a program, no table")
    given = parser.parse_args()
    rows: list[Row] = []
    for name in given.sets or SETS:
        found = [once(name, given.data, seed) for seed in given.seeds]
        rows += [
            Row(
                "out of scope",
                name,
                figure,
                "",
                tuple(one[figure] for one in found),
                "",
                "tertulia",
            )
            for figure in found[0]
        ]
    if given.json:
        json.dump([asdict(row) for row in rows], sys.stdout)
    else:
        print_table(rows)


def once(name: str, data: Path, seed: int) -> dict[str, float]:
    """Return figures by name for one choice of intents."""
    own = name.removesuffix("-10")
    train, test = (_read(data / own / f"{part}.jsonl") for part in ("train", "test"))
    intents = sorted({str(example.intent) for example in train})
    random.Random(seed).shuffle(intents)
    hidden = set(intents[: len(intents) // 4])
    if name.endswith("-10"):
        train = nlu.few(train, seed)
    pipeline = nlu.learn([one for one in train if one.intent not in hidden])
    known = [one for one in test if one.intent not in hidden]
    near = [one for one in test if one.intent in hidden]
    far = _read(data / _OTHER[own] / "test.jsonl")
    return figures(pipeline, known, {"near": near, "far": far})


def figures(
    pipeline: Pipeline, known: Sequence[Example], outside: dict[str, Sequence[Example]]
) -> dict[str, float]:
    """Return AUROC and what thresholds reject."""
    found, logits = asked(pipeline, known)
    sure = confidences(found)
    said = [nlu.answer(one) for one in found]
    pairs = list(zip(said, known, strict=True))
    labels = list(label_model_of(pipeline).labels)
    answers = [labels.index(str(one.intent)) for one in known]
    temperature = best_temperature([logits], [answers])
    plain = softmax(logits / temperature).max(axis=1)
    rows = {
        "ECE": nlu.calibration_error(said, known),
        "accuracy": float(np.mean([one.intent == wanted.intent for one, wanted in pairs])),
    }
    rows |= {f"known rejected at {at}": float((sure < at).mean()) for at in _THRESHOLDS}
    for kind, examples in outside.items():
        other, more = asked(pipeline, examples)
        theirs = confidences(other)
        rows[f"{kind}: AUROC, softmax"] = auroc(plain, softmax(more / temperature).max(axis=1))
        rows[f"{kind}: AUROC, confidence"] = auroc(sure, theirs)
        rows |= {f"{kind} rejected at {at}": float((theirs < at).mean()) for at in _THRESHOLDS}
    return rows


def label_model_of(pipeline: Pipeline) -> label_model.LabelModel:
    """Return the model that ranks intents."""
    return next(m for one in pipeline._components if (m := getattr(one, "_intents", None)))


def asked(pipeline: Pipeline, examples: Sequence[Example]) -> tuple[list[Understanding], Numbers]:
    """Return what is understood, and the logits behind it, (examples, intents)."""
    model = label_model_of(pipeline)
    committee, seen = model._quick, []
    if committee is None:
        sys.exit("there are no intents to tell apart")

    class Watched:
        def logits(self, *document: Any) -> Numbers:
            seen.append(committee.logits(*document))
            return seen[-1]

    model._quick = Watched()  # type: ignore[assignment]
    found: list[Understanding] = []
    nothing = np.zeros(len(model.labels), dtype=np.float32)
    for number, one in enumerate(examples, 1):
        found.append(pipeline.parse(one.text))
        if len(seen) < number:
            seen.append(nothing)
    model._quick = committee
    if all(one is nothing for one in seen):
        sys.exit("no intent was asked for its logit: this script looks where they no longer pass")
    return found, np.stack(seen)


def confidences(found: Sequence[Understanding]) -> Numbers:
    """Return the confidence of the best intent of each, that behind a fallback included."""
    rankings = (
        [one for one in each.intent_ranking or () if one.name != nlu.FALLBACK_INTENT]
        for each in found
    )
    return np.asarray([own[0].confidence if own else 0.0 for own in rankings])


def auroc(inside: Numbers, outside: Numbers) -> float:
    """Return the area under the ROC curve; ties count half."""
    both = np.concatenate([inside, outside])
    ordered = np.sort(both)
    ranks = np.searchsorted(ordered, both, "left") + np.searchsorted(ordered, both, "right") + 1
    count = len(inside)
    above = ranks[:count].sum() / 2 - count * (count + 1) / 2
    return float(above / (count * len(outside)))


def _read(path: Path) -> list[Example]:
    return [replace(one, entities=()) for one in nlu.read(path)]


if __name__ == "__main__":
    main()
