"""What counts as predicted at each step of a story."""

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.evaluation.bots import (
    legacy_bot,
    markdown_run,
    modern_bot,
    predicted,
    run,
    stories,
)

from tertulia.base.errors import ConfigError
from tertulia.core.events import ActionExecuted
from tertulia.core.prediction import Decision
from tertulia.core.tracker import Tracker
from tertulia.evaluation.results import Evaluation
from tertulia.evaluation.run import evaluate
from tertulia.policies.policy import Policy

GREETING = """
- intent: greet
- action: utter_greet
- intent: bye
- action: utter_bye
"""


class Scripted:
    """An ensemble that predicts what it is told, in turn."""

    def __init__(self, *decisions: str | Decision) -> None:
        self._rest = list(decisions)
        self.seen: list[Tracker] = []

    @property
    def policies(self) -> Sequence[Policy]:
        """Return none."""
        return ()

    @property
    def needed_history(self) -> int | None:
        """Return that all may be looked at."""
        return None

    def decide(self, tracker: Tracker) -> Decision:
        """Return the next of the script."""
        self.seen.append(tracker)
        found = self._rest.pop(0)
        return found if isinstance(found, Decision) else sure(found)


def sure(action: str, **parts: Any) -> Decision:
    return Decision(action=action, policy="TEDPolicy", confidence=0.9, **parts)


def scripted(steps: str, *decisions: str | Decision) -> tuple[Evaluation, Scripted]:
    model, ensemble = modern_bot(), Scripted(*decisions)
    data = stories(steps, model)
    return evaluate(replace(model, ensemble=ensemble), data), ensemble


def test_a_story_the_bot_knows_passes() -> None:
    (story,) = run(GREETING).stories
    assert story.is_right
    expected = ["utter_greet", "action_listen", "utter_bye", "action_listen"]
    assert [step.predicted for step in story.actions] == expected


def test_the_first_action_of_a_story_is_given() -> None:
    _, ensemble = scripted("- intent: greet\n- action: utter_greet", "utter_greet", "action_listen")
    assert ensemble.seen[0].state.latest_action == "action_listen"
    assert ensemble.seen[0].state.latest_message.intent_name == "greet"


def test_after_a_wrong_prediction_the_story_goes_on_as_written() -> None:
    steps = "- intent: greet\n- action: utter_chat\n- intent: bye\n- action: utter_bye"
    evaluation = run(steps)
    assert predicted(evaluation)[0] == "utter_greet"
    assert predicted(evaluation)[-1] == "utter_bye"
    (story,) = evaluation.stories
    assert [step.is_right for step in story.actions] == [False, False, True, True]


def test_a_form_that_another_action_follows_has_refused() -> None:
    evaluation = run("""
- intent: book
- action: book_form
- active_loop: book_form
- intent: chat
- action: utter_chat
- action: book_form
- active_loop: null
- action: utter_booked
""")
    assert evaluation.failed == []
    assert predicted(evaluation)[:2] == ["book_form", "utter_chat"]


def test_a_refusal_is_not_taken_back_when_the_second_prediction_is_wrong_too() -> None:
    steps = """
- intent: book
- action: book_form
- active_loop: book_form
- intent: greet
- action: utter_greet
"""
    evaluation, ensemble = scripted(
        steps, "book_form", "action_listen", "book_form", "utter_bye", "action_listen"
    )
    assert predicted(evaluation) == ["book_form", "utter_bye"]
    loop = ensemble.seen[3].state.loop
    assert loop is not None
    assert loop.rejected


def test_a_surprising_intent_is_a_warning_when_the_right_action_follows() -> None:
    metadata = {"query_intent": {"name": "greet", "severity": 0.25}}
    evaluation, ensemble = scripted(
        "- intent: greet\n- action: utter_greet",
        sure("action_unlikely_intent", metadata=metadata),
        "utter_greet",
        "action_listen",
    )
    (story,) = evaluation.with_warnings
    assert story.severity == 0.25
    assert predicted(evaluation) == ["utter_greet"]
    assert ensemble.seen[1].state.latest_action == "action_unlikely_intent"


def test_a_surprising_intent_that_the_story_expects_is_no_warning() -> None:
    evaluation, _ = scripted(
        "- intent: greet\n- action: action_unlikely_intent\n- action: utter_greet",
        "action_unlikely_intent",
        "utter_greet",
        "action_listen",
    )
    assert len(evaluation.successful) == 1
    assert evaluation.with_warnings == []


def test_too_many_actions_in_one_turn_trip_the_circuit_breaker() -> None:
    steps = "- intent: greet\n" + "- action: utter_greet\n" * 11
    evaluation, _ = scripted(steps, *["utter_greet"] * 10)
    assert predicted(evaluation)[9:] == [
        "utter_greet",
        "circuit breaker tripped",
        "circuit breaker tripped",
    ]


def test_turns_that_only_rules_know_are_seen_by_every_policy() -> None:
    hidden = sure("utter_greet", hide_rule_turn=True)
    _, ensemble = scripted("- intent: greet\n- action: utter_greet", hidden, "action_listen")
    last = ensemble.seen[-1].last_event
    assert isinstance(last, ActionExecuted)
    assert last.name == "utter_greet"
    assert not last.hide_rule_turn


def test_slots_are_filled_by_the_story_and_from_its_entities() -> None:
    _, ensemble = scripted(
        "- intent: greet\n  entities:\n  - city: Rome\n- action: utter_greet\n",
        "utter_greet",
        "action_listen",
    )
    assert ensemble.seen[0].slots["city"] == "Rome"


def test_messages_are_understood_only_end_to_end() -> None:
    steps = "- intent: greet\n  user: goodbye\n- action: utter_greet"
    assert run(steps).failed == []
    (story,) = run(steps, end_to_end=True).failed
    (message,) = story.messages
    assert (message.expected_intent, message.predicted_intent) == ("greet", "bye")
    assert message.note == "predicted: bye: goodbye"


def test_a_misunderstood_message_goes_on_as_the_story_says() -> None:
    evaluation = run("- intent: greet\n  user: goodbye\n- action: utter_greet", end_to_end=True)
    assert predicted(evaluation) == ["utter_greet"]


def test_a_message_without_text_is_taken_as_written() -> None:
    evaluation = run("- intent: greet\n- action: utter_greet", end_to_end=True)
    assert evaluation.failed == []
    assert [step.predicted_intent for step in evaluation.messages] == ["greet"]


def test_a_shortcut_in_a_test_story_needs_no_understanding() -> None:
    steps = "- intent: greet\n  user: /greet\n- action: utter_greet"
    assert run(steps, end_to_end=True).failed == []


def test_entities_are_compared_as_a_set() -> None:
    right = "- intent: book\n  user: book [rome](city)\n- action: book_form\n"
    right += "- active_loop: book_form"
    assert run(right, end_to_end=True).failed == []
    missing = "- intent: book\n  user: book rome\n- action: book_form"
    (story,) = run(missing, end_to_end=True).failed
    (message,) = story.messages
    assert message.note == "predicted: book: book [rome](city)"


def test_a_model_without_policies_cannot_be_tested() -> None:
    model = replace(modern_bot(), ensemble=None)
    with pytest.raises(ConfigError, match="T150"):
        evaluate(model, stories(GREETING, modern_bot()))


def test_legacy_stories_are_tested_by_intents() -> None:
    evaluation = markdown_run("## one\n* greet\n  - utter_greet\n* bye\n  - utter_bye\n")
    assert evaluation.failed == []
    assert evaluation.actions[0].policy == "policy_0_MemoizationPolicy"


def test_legacy_messages_are_understood_end_to_end() -> None:
    evaluation = markdown_run(
        "## one\n* greet: hello\n  - utter_greet\n* bye: hello\n  - utter_bye\n",
        end_to_end=True,
    )
    (story,) = evaluation.failed
    assert [step.predicted_intent for step in story.messages] == ["greet", "greet"]
    assert predicted(evaluation) == ["utter_greet", "utter_bye"]


def test_a_legacy_form_refuses_only_where_a_training_story_leaves_it() -> None:
    left = markdown_run("""\
## one
* book
  - book_form
  - form{"name": "book_form"}
* chat
  - utter_chat
  - book_form
  - form{"name": null}
  - utter_booked
""")
    assert left.failed == []
    kept = markdown_run("""\
## one
* book
  - book_form
  - form{"name": "book_form"}
* greet
  - utter_greet
""")
    assert predicted(kept)[1] == "book_form"


def test_the_legacy_bot_falls_back_where_no_story_leads() -> None:
    evaluation = markdown_run("## one\n* chat\n  - utter_chat\n")
    assert predicted(evaluation)[0] == "action_default_fallback"
    assert legacy_bot().ensemble is not None
