"""How well entities are learned from little: 100 sentences a domain of HWU64, cross-validated.

    python benchmarks/small_entities.py --data DIR [--folds N] [--per-domain N]

DIR holds `hwu64/train.jsonl`; the test part is not read. A domain is what an intent's name begins
with. Beside DIETClassifier stands CRFEntityExtractor, and, where python-crfsuite is installed, its
conditional random field (L-BFGS, c1 = c2 = 0.1, 100 iterations) on the same features of words,
prefixes, suffixes and shapes and BIO tags. Entities count when type, beginning and end are right.
"""

import argparse
import importlib
import importlib.util
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nlu import PLACE, Answer, answer, learn, read, span_f1
from report import Row, print_table

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Generation
from tertulia.core.understanding import NOTHING_UNDERSTOOD
from tertulia.data.nlu.model import Example, NluData
from tertulia.nlu.config import ComponentConfig
from tertulia.nlu.extractors.tag_model import features_of
from tertulia.nlu.message import Message
from tertulia.nlu.pipeline import train_pipeline
from tertulia.nlu.tokenizers.whitespace import split_words

Learner = Callable[[Sequence[Example], Sequence[Example]], list[Answer]]


def main() -> None:
    """Measure every learner on the same folds."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--per-domain", type=int, default=100)
    given = parser.parse_args()
    examples = drawn(read(given.data / "hwu64" / "train.jsonl"), given.per_domain)
    learners: dict[str, Learner] = {
        "tertulia, DIETClassifier": with_intents,
        "tertulia, CRFEntityExtractor": without_intents,
    }
    if importlib.util.find_spec("pycrfsuite") is not None:
        learners["python-crfsuite"] = crfsuite
    rows: list[Row] = []
    for engine, learner in learners.items():
        rows += measure(engine, learner, examples, given.folds)
    rows.sort(key=lambda row: row.figure)
    print_table(rows)


def drawn(examples: Sequence[Example], per_domain: int) -> list[Example]:
    """Return so many examples of each domain, in an order of chance."""
    shuffled = list(examples)
    random.Random(0).shuffle(shuffled)
    domains: defaultdict[str, list[Example]] = defaultdict(list)
    for example in shuffled:
        domains[(example.intent or "").split("_")[0]].append(example)
    kept = [example for own in domains.values() for example in own[:per_domain]]
    random.Random(1).shuffle(kept)
    return kept


def measure(engine: str, learner: Learner, examples: Sequence[Example], folds: int) -> list[Row]:
    """Return F1 and CPU seconds, a value for each fold."""
    scores: list[float] = []
    seconds: list[float] = []
    for fold in range(folds):
        train = [one for at, one in enumerate(examples) if at % folds != fold]
        test = [one for at, one in enumerate(examples) if at % folds == fold]
        begun = time.process_time()
        found = learner(train, test)
        seconds.append(time.process_time() - begun)
        scores.append(span_f1(found, test))
    case = f"{len(examples)} sentences, {folds} folds"
    return [
        Row("entities", case, "entity F1", "", tuple(scores), "", engine),
        Row("entities", case, "CPU", "s", tuple(seconds), "", engine),
    ]


def with_intents(train: Sequence[Example], test: Sequence[Example]) -> list[Answer]:
    """Return what the suggested pipeline finds: DIETClassifier."""
    pipeline = learn(train)
    return [answer(pipeline.parse(one.text)) for one in test]


def without_intents(train: Sequence[Example], test: Sequence[Example]) -> list[Answer]:
    """Return what CRFEntityExtractor finds, which knows no intents."""
    names = ("WhitespaceTokenizer", "CRFEntityExtractor")
    pipeline = train_pipeline(
        [ComponentConfig(name=name, written=name, params={}, at=PLACE) for name in names],
        NluData(examples=tuple(train)),
        generation=Generation.MODERN,
        diagnostics=Diagnostics(),
    )
    return [answer(pipeline.parse(one.text)) for one in test]


def crfsuite(train: Sequence[Example], test: Sequence[Example]) -> list[Answer]:
    """Return what the conditional random field of python-crfsuite finds."""
    library: Any = importlib.import_module("pycrfsuite")
    trainer = library.Trainer(verbose=False)
    trainer.set_params({"c1": 0.1, "c2": 0.1, "max_iterations": 100})
    for example in train:
        message = split(example.text)
        trainer.append(features_of(message, None), tags_of(example, message))
    place = Path("crfsuite.model")
    trainer.train(str(place))
    tagger = library.Tagger()
    tagger.open(str(place))
    messages = [split(example.text) for example in test]
    found = [spans_of(tagger.tag(features_of(one, None)), one) for one in messages]
    tagger.close()
    place.unlink()
    return [Answer(NOTHING_UNDERSTOOD.name, 0.0, own) for own in found]


def split(text: str) -> Message:
    """Return the message in words."""
    message = Message(text)
    message.set_tokens(split_words(text, legacy=False))
    return message


def tags_of(example: Example, message: Message) -> list[str]:
    """Return a BIO tag for each word."""
    tags: list[str] = []
    for token in message.tokens:
        inside = [one for one in example.entities if one.start <= token.start < one.end]
        begins = bool(inside) and inside[0].start == token.start
        tags.append(f"{'B' if begins else 'I'}-{inside[0].entity}" if inside else "O")
    return tags


def spans_of(tags: Sequence[str], message: Message) -> set[tuple[Any, Any, Any]]:
    """Return type, beginning and end of what BIO tags say."""
    spans: list[tuple[str, int, int]] = []
    for tag, token in zip(tags, message.tokens, strict=True):
        kind, _, entity = tag.partition("-")
        if kind == "I" and spans and spans[-1][0] == entity:
            spans[-1] = (entity, spans[-1][1], token.end)
        elif kind in "BI":
            spans.append((entity, token.start, token.end))
    return set(spans)


if __name__ == "__main__":
    main()
