"""The figures of a test, in the shapes that the originals write.

Source: spec evaluation.md section 1.2.
"""

from collections.abc import Sequence
from typing import Any

from tertulia.core.domain.model import Generation
from tertulia.evaluation.entities import NONE, aligned
from tertulia.evaluation.metrics import Metrics, confusions, measure
from tertulia.evaluation.results import ActionStep, Evaluation, MessageStep
from tertulia.evaluation.text_report import text_report

Json = Any


def metrics(evaluation: Evaluation) -> Metrics:
    """Return the scores over actions and intents, and, since 2.0, entities."""
    return measure(*_columns(evaluation))


def _columns(evaluation: Evaluation) -> tuple[list[str], list[str]]:
    """Return what was expected, and beside it what was predicted."""
    pairs = [(step.expected, step.predicted) for step in evaluation.actions]
    pairs += [(step.expected_intent, step.predicted_intent or NONE) for step in evaluation.messages]
    if evaluation.generation is Generation.MODERN:
        pairs += [pair for step in evaluation.messages for pair in _entity_pairs(step)]
    return [target for target, _ in pairs], [guess for _, guess in pairs]


def _entity_pairs(step: MessageStep) -> list[tuple[str, str]]:
    return aligned(step.expected_entities, step.predicted_entities)


def known_share(evaluation: Evaluation) -> float:
    """Return the share of actions that were known by heart: from memory or, since 2.0, rules."""
    actions = evaluation.actions
    known = [step for step in actions if _is_known(step, evaluation.generation)]
    return len(known) / len(actions) if actions else 0.0


def _is_known(step: ActionStep, generation: Generation) -> bool:
    policy = step.policy or ""
    if policy.endswith("MemoizationPolicy"):
        return True
    return generation is Generation.MODERN and policy.endswith("RulePolicy")


def conversation_accuracy(evaluation: Evaluation) -> dict[str, Json]:
    """Return how many stories passed."""
    total, passed = len(evaluation.stories), len(evaluation.successful)
    return {
        "accuracy": passed / total if total else 0.0,
        "correct": passed,
        "with_warnings": len(evaluation.with_warnings),
        "total": total,
    }


def story_report(evaluation: Evaluation) -> dict[str, Json]:
    """Return the content of story_report.json."""
    return {
        **metrics(evaluation).report(),
        "conversation_accuracy": conversation_accuracy(evaluation),
    }


def summary(evaluation: Evaluation, *, as_text: bool = False) -> dict[str, Json]:
    """Return the whole result as JSON, with the originals' keys.

    as_text: the report is a table of text, as in 0.x.
    """
    found = metrics(evaluation)
    return {
        "report": text_report(*_columns(evaluation)) if as_text else found.report(),
        "precision": found.weighted.precision,
        "f1": found.weighted.f1,
        "accuracy": found.accuracy,
        "actions": [
            {
                "action": step.expected,
                "predicted": step.predicted,
                "policy": step.policy,
                "confidence": step.confidence,
            }
            for step in evaluation.actions
        ],
        "in_training_data_fraction": known_share(evaluation),
        "is_end_to_end_evaluation": evaluation.is_end_to_end,
    }


def action_confusions(evaluation: Evaluation) -> dict[str, Json]:
    """Return how often which action was predicted where which was expected."""
    actions: Sequence[ActionStep] = evaluation.actions
    return confusions([step.expected for step in actions], [step.predicted for step in actions])


def tables(evaluation: Evaluation) -> list[str]:
    """Return lines for the terminal: a block for conversations and one for actions."""
    found, share = metrics(evaluation), conversation_accuracy(evaluation)
    level = "END-TO-END" if evaluation.is_end_to_end else "CONVERSATION"
    right = sum(step.is_right for step in evaluation.actions)
    return [
        f"Evaluation results on {level} level:",
        f"  Correct:          {share['correct']} / {share['total']}",
        f"  Accuracy:         {share['accuracy']:.3f}",
        "Evaluation results on ACTION level:",
        f"  Correct:          {right} / {len(evaluation.actions)}",
        f"  F1-Score:         {found.weighted.f1:.3f}",
        f"  Precision:        {found.weighted.precision:.3f}",
        f"  Accuracy:         {found.accuracy:.3f}",
        f"  In-data fraction: {known_share(evaluation):.3g}",
    ]
