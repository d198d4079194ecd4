"""Which conversations are tested."""

from tests.unit.evaluation.bots import modern_bot, stories

from tertulia.evaluation.run import evaluate

TWO = """\
version: "3.1"
stories:
- story: first
  steps:
  - intent: greet
  - action: utter_greet
- story: second
  steps:
  - intent: greet
  - action: utter_greet
rules:
- rule: leave
  steps:
  - intent: bye
  - action: utter_bye
"""


def names(
    text: str, *, max_stories: int | None = None, only_first_failure: bool = False
) -> list[str]:
    model = modern_bot()
    evaluation = evaluate(
        model,
        stories(text, model),
        max_stories=max_stories,
        only_first_failure=only_first_failure,
    )
    return [one.name for one in evaluation.stories]


def test_every_story_counts_even_an_equal_one_and_no_rule_does() -> None:
    assert names(TWO) == ["first", "second"]


def test_the_number_of_stories_can_be_limited() -> None:
    assert names(TWO, max_stories=1) == ["first"]


def test_a_test_can_end_at_the_first_story_that_fails() -> None:
    wrong = TWO.replace("utter_greet", "utter_chat", 1)
    assert names(wrong, only_first_failure=True) == ["first"]
    assert names(wrong) == ["first", "second"]


def test_a_story_that_starts_over_counts_once() -> None:
    steps = "- intent: greet\n- action: utter_greet\n- action: restart\n- intent: greet\n"
    assert names(steps + "- action: utter_greet") == ["one"]


def test_alternatives_are_tested_one_by_one() -> None:
    steps = "- or:\n  - intent: greet\n  - intent: chat\n- action: utter_greet"
    assert names(steps) == ["one", "one"]
