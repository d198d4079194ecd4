"""The words that the terminal explains actions with."""

from typing import Any

import pytest

from tertulia.cli.explain import explanations
from tertulia.core.events import ActionExecuted, ActionExecutionRejected, BotUttered


def line(because: dict[str, Any], **rest: Any) -> str:
    event = ActionExecuted(name="utter_a", trace={"because": because, **rest})
    return next(explanations([event]))


@pytest.mark.parametrize(
    ("because", "words"),
    [
        (
            {"by": "rule", "name": "hello", "at": "data/rules.yml:3"},
            "the rule 'hello', data/rules.yml:3",
        ),
        (
            {"by": "story", "name": "s", "at": "s.md:3", "places": 3},
            "the story 's', s.md:3 and 2 more",
        ),
        ({"by": "rule"}, "a rule"),
        ({"by": "followup", "action": "action_x"}, "it was asked for by 'action_x'"),
        ({"by": "followup"}, "it was asked for"),
        ({"by": "core_fallback", "threshold": 0.3}, "no policy is surer than 0.3"),
        ({"by": "learned", "features": [["intent=hi", 1.234]]}, "learned from intent=hi +1.23"),
        ({"by": "learned"}, "learned"),
        ({"by": "a plugin's own"}, "a plugin's own"),
        ({}, "no reason was noted"),
    ],
)
def test_a_reason_is_one_line(because: dict[str, Any], words: str) -> None:
    assert line(because) == f"  utter_a: {words}"


def test_policy_confidence_others_and_remarks_are_shown() -> None:
    event = ActionExecuted(
        name="utter_a",
        policy="RulePolicy",
        confidence=1.0,
        trace={
            "because": {"by": "loop", "name": "f"},
            "others": [
                {"policy": "TEDPolicy", "action": "utter_b", "confidence": 0.5},
                {"policy": "MemoizationPolicy"},
            ],
            "rejected": "g",
            "limit": 10,
        },
    )
    assert list(explanations([event])) == [
        "  utter_a (RulePolicy 1.00): 'f' is active",
        "    others: TEDPolicy utter_b 0.50, MemoizationPolicy nothing",
        "    'g' refused before; the turn ends here: 10 actions are the limit",
    ]


def test_texts_and_refusals_are_told_apart_from_names() -> None:
    events = [
        ActionExecuted(action_text="Hi there"),
        ActionExecutionRejected(name="f", trace={"because": {"by": "loop", "name": "f"}}),
        BotUttered(text="Hi there"),
    ]
    assert list(explanations(events)) == [
        '  "Hi there": no reason was noted',
        "  f refused: 'f' is active",
    ]
