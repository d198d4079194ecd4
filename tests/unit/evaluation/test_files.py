"""What is written and shown about a test."""

import json

from tests.unit.evaluation.bots import markdown_run, run

from tertulia.evaluation.files import Wanted, result_files
from tertulia.evaluation.report import known_share, summary, tables
from tertulia.evaluation.show import story_lines

RIGHT = "- intent: greet\n- action: utter_greet"
WRONG = """
- intent: greet
  user: goodbye
- action: utter_chat
- slot_was_set:
  - city: Rome
"""


def test_failed_stories_say_what_was_predicted_beside_each_wrong_line() -> None:
    files = result_files(run(WRONG, end_to_end=True), Wanted())
    assert (
        files["failed_test_stories.yml"]
        == """\
version: "3.1"
stories:
- story: one (test_stories.yml)
  steps:
  - intent: greet  # predicted: bye: goodbye
    user: |-
      goodbye
  - action: utter_chat  # predicted: utter_greet
  - slot_was_set:
    - city: Rome
  - action: action_listen  # predicted: action_default_fallback
"""
    )


def test_an_action_in_place_of_listening_is_shown_with_its_policy() -> None:
    text = "- intent: greet\n- action: utter_greet\n- action: utter_bye"
    (story,) = run(text).failed
    assert [str(line) for line in story_lines(story)][2:4] == [
        "  - action: utter_bye",
        "  + action: action_listen  (MemoizationPolicy 1.00)",
    ]


def test_entities_of_messages_without_text_are_written() -> None:
    steps = "- intent: greet\n  entities:\n  - city: Rome\n- action: utter_chat"
    text = result_files(run(steps), Wanted())["failed_test_stories.yml"]
    assert "  - intent: greet\n    entities:\n    - city: Rome\n" in text


def test_lists_without_stories_are_a_comment() -> None:
    files = result_files(run(RIGHT), Wanted(successful=True))
    assert files["failed_test_stories.yml"] == "# No story failed.\n"
    assert files["stories_with_warnings.yml"].startswith("# ")
    assert "- story: one (test_stories.yml)" in files["successful_test_stories.yml"]


def test_files_can_be_left_out() -> None:
    files = result_files(run(RIGHT), Wanted(failed=False, warnings=False))
    assert sorted(files) == ["story_confusion_matrix.json", "story_report.json"]


def test_the_report_counts_conversations_besides_labels() -> None:
    report = json.loads(result_files(run(WRONG), Wanted())["story_report.json"])
    assert report["conversation_accuracy"] == {
        "accuracy": 0.0,
        "correct": 0,
        "with_warnings": 0,
        "total": 1,
    }
    assert report["utter_chat"]["recall"] == 0.0


def test_the_matrix_counts_actions() -> None:
    matrix = json.loads(result_files(run(WRONG), Wanted())["story_confusion_matrix.json"])
    row = matrix["matrix"][matrix["labels"].index("utter_chat")]
    assert row[matrix["labels"].index("utter_greet")] == 1


def test_entities_count_in_the_figures_of_the_modern_generation() -> None:
    steps = "- intent: book\n  user: book [rome](city)\n- action: book_form"
    report = summary(run(steps, end_to_end=True))["report"]
    assert report["[rome](city)"]["support"] == 1
    assert report["book"]["support"] == 1


def test_the_summary_has_the_keys_of_the_originals() -> None:
    found = summary(run(RIGHT))
    assert list(found) == [
        "report",
        "precision",
        "f1",
        "accuracy",
        "actions",
        "in_training_data_fraction",
        "is_end_to_end_evaluation",
    ]
    assert found["actions"][0] == {
        "action": "utter_greet",
        "predicted": "utter_greet",
        "policy": "MemoizationPolicy",
        "confidence": 1.0,
    }


def test_what_rules_predict_counts_as_known_in_the_modern_generation_alone() -> None:
    assert known_share(run("- intent: bye\n- action: utter_bye")) == 1.0
    legacy = markdown_run("## one\n* chat\n  - utter_chat\n")
    assert known_share(legacy) == 0.0


def test_the_tables_name_the_level() -> None:
    assert tables(run(RIGHT))[:2] == [
        "Evaluation results on CONVERSATION level:",
        "  Correct:          1 / 1",
    ]
    assert tables(run(RIGHT, end_to_end=True))[0].endswith("END-TO-END level:")


def test_legacy_stories_are_written_as_markdown_with_comments() -> None:
    text = "## one\n* greet: hello\n  - utter_greet\n* bye: hello\n  - utter_chat\n"
    files = result_files(markdown_run(text, end_to_end=True), Wanted())
    assert (
        files["failed_stories.md"]
        == """\
## one (stories.md)
* greet: hello
    - utter_greet
* bye: hello   <!-- predicted: greet: hello -->
    - utter_chat   <!-- predicted: utter_bye -->
    - action_listen   <!-- predicted: action_default_fallback -->
"""
    )


def test_legacy_says_when_all_stories_passed() -> None:
    files = result_files(markdown_run("## one\n* greet\n  - utter_greet\n"), Wanted())
    assert files["failed_stories.md"] == "<!-- All stories passed -->\n"
    assert "failed_test_stories.yml" not in files


def test_a_failed_story_is_shown_line_by_line() -> None:
    (story,) = run(WRONG, end_to_end=True).failed
    assert [str(line) for line in story_lines(story)] == [
        "  - intent: greet  user: goodbye",
        "  + intent: bye  user: goodbye",
        "  - action: utter_chat",
        "  + action: utter_greet  (MemoizationPolicy 1.00)",
        "    slot_was_set: city",
        "  - action: action_listen",
        "  + action: action_default_fallback  (RulePolicy 0.30)",
    ]
