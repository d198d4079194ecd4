"""What a test over HTTP may differ in from the recorded one: where a learned policy decided.

Everything that follows from the decisions (figures, and the report, a table of text) is computed
again, from ours and by other code, and has to be equal.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from .bots import FOLDER
from .judging import Answer, Such
from .legacy_normal import normal
from .legacy_replay import Exchange, LegacyRule, Past

Json = Any
_LEARNED = "KerasPolicy"
_FIGURES = ("accuracy", "f1", "precision", "report")


def table(pairs: Sequence[tuple[str, str]]) -> str:
    """Return the report on pairs of what was expected and what was predicted."""
    labels = sorted({label for pair in pairs for label in pair})
    rows = {label: _row(pairs, label) for label in labels}
    shares = [row[:3] for row in rows.values()]
    right = sum(wanted == got for wanted, got in pairs) / len(pairs)
    count = [row[3] for row in rows.values()]
    averages = {
        "micro avg": (right, right, right, len(pairs)),
        "macro avg": (*_mean(shares, [1.0] * len(shares)), len(pairs)),
        "weighted avg": (*_mean(shares, count), len(pairs)),
    }
    width = max(len(name) for name in (*rows, *averages))
    lines = ["{:>{w}}  {:>9} {:>9} {:>9} {:>9}".format("", *_HEAD, w=width), ""]
    for block in (rows, averages):
        lines += [
            "{:>{w}}  {:>9.2f} {:>9.2f} {:>9.2f} {:>9}".format(name, *figures, w=width)
            for name, figures in block.items()
        ]
        lines.append("")
    return "\n".join(lines)


_HEAD = ("precision", "recall", "f1-score", "support")


def _row(pairs: Sequence[tuple[str, str]], label: str) -> tuple[float, float, float, int]:
    right = sum(pair == (label, label) for pair in pairs)
    guessed = sum(got == label for _, got in pairs)
    wanted = sum(each == label for each, _ in pairs)
    precision, recall = right / max(guessed, 1), right / max(wanted, 1)
    both = precision + recall
    return precision, recall, 2 * precision * recall / both if both else 0.0, wanted


def _mean(rows: Sequence[Sequence[float]], weights: Sequence[float]) -> list[float]:
    return [
        sum(row[i] * weight for row, weight in zip(rows, weights, strict=True)) / sum(weights)
        for i in range(3)
    ]


def figures(actions: Sequence[Mapping[str, Json]]) -> Mapping[str, Json]:
    """Return what follows from the decisions of a test."""
    pairs = [(each["action"], each["predicted"]) for each in actions]
    rows = [_row(pairs, label) for label in sorted({wanted for wanted, _ in pairs})]
    precision, _, f1 = _mean([row[:3] for row in rows], [row[3] for row in rows])
    accuracy = sum(wanted == got for wanted, got in pairs) / len(pairs)
    return {"accuracy": accuracy, "f1": f1, "precision": precision, "report": table(pairs)}


def _learned(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    actions = wanted.body.get("actions") if isinstance(wanted.body, dict) else None
    if not exchange.path.startswith("/evaluate") or not actions:
        return None
    if normal(figures(actions)) != _figures_of(wanted.body):
        return None  # messages count too, which the answer does not list: nothing is explained
    as_recorded = _without_choices(wanted.body)

    def is_such(value: Json) -> bool:
        found = normal(figures(value["actions"])) if value.get("actions") else None
        return _without_choices(value) == as_recorded and found == _figures_of(value)

    return Answer(200, Such("the same test", is_such), wanted.headers)


def _figures_of(body: Mapping[str, Json]) -> Mapping[str, Json]:
    return {name: body[name] for name in _FIGURES}


def _without_choices(body: Mapping[str, Json]) -> Mapping[str, Json]:
    rest = {name: value for name, value in body.items() if name not in _FIGURES}
    return {**rest, "actions": [_comparable(each) for each in body.get("actions", ())]}


def _comparable(decision: Mapping[str, Json]) -> Mapping[str, Json]:
    """Return a decision, without what was chosen where it was a learned one."""
    if not str(decision["policy"]).endswith(_LEARNED):
        return decision
    return {"action": decision["action"], "policy": decision["policy"]}


def _stated_intents(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    """Expect that the stories a bot has learned are known by heart.

    The recorded server takes the name of an intent for a message, and asks what that means.
    """
    if exchange.path != "/evaluate" or exchange.request.get("body") != _TRAINED.read_text("utf-8"):
        return None
    by_heart = {"policy": "policy_1_MemoizationPolicy", "confidence": 1.0}
    actions = [
        {**by_heart, "action": each["action"], "predicted": each["action"]}
        for each in wanted.body["actions"]
    ]
    known = {"actions": actions, **figures(actions), "in_training_data_fraction": 1.0}
    return Answer(200, {**wanted.body, **known}, wanted.headers)


_TRAINED = FOLDER / "legacy" / "bots" / "mood" / "stories.md"
STATED_INTENTS = LegacyRule(
    "stated-intents",
    "the intents of a test's stories are what they say, and not understood as messages",
    _stated_intents,
)
LEARNED = LegacyRule(
    "learned-decisions",
    "a test where no story is known by heart shows what our learned policy decides",
    _learned,
)
