"""The report of a test as a table of text."""

from tertulia.evaluation.text_report import text_report

WANTED = """\
                precision    recall  f1-score   support

 action_listen       1.00      1.00      1.00         1
utter_farewell       0.00      0.00      0.00         1
   utter_hello       0.00      0.00      0.00         0

     micro avg       0.50      0.50      0.50         2
     macro avg       0.33      0.33      0.33         2
  weighted avg       0.50      0.50      0.50         2
"""


def test_what_is_only_predicted_has_a_line_as_well() -> None:
    found = text_report(["utter_farewell", "action_listen"], ["utter_hello", "action_listen"])
    assert found == WANTED


def test_short_names_leave_room_for_the_averages() -> None:
    lines = text_report(["a"], ["a"]).splitlines()
    assert lines[2] == "           a       1.00      1.00      1.00         1"
    assert len({len(line) for line in lines if line}) == 1
