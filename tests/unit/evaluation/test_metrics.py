"""Precision, recall, F1: the figures by hand."""

import pytest

from tertulia.evaluation.metrics import confusions, measure

TARGETS = ["a", "a", "a", "b", "b", "c"]
GUESSES = ["a", "a", "b", "b", "x", "c"]


def test_every_expected_label_has_its_scores() -> None:
    labels = measure(TARGETS, GUESSES).labels
    assert list(labels) == ["a", "b", "c"]
    assert labels["a"].precision == 1.0
    assert labels["a"].recall == pytest.approx(2 / 3)
    assert labels["a"].f1 == pytest.approx(0.8)
    assert labels["b"].precision == 0.5
    assert labels["b"].support == 2


def test_averages_weigh_labels_by_their_number_or_not() -> None:
    found = measure(TARGETS, GUESSES)
    assert found.weighted.precision == pytest.approx((3 * 1 + 2 * 0.5 + 1) / 6)
    assert found.macro.precision == pytest.approx((1 + 0.5 + 1) / 3)
    assert found.macro.support == found.weighted.support == 6


def test_what_is_only_ever_predicted_lowers_the_recall_alone() -> None:
    found = measure(TARGETS, GUESSES)
    assert found.accuracy == found.micro.recall == pytest.approx(4 / 6)
    assert found.micro.precision == pytest.approx(4 / 5)


def test_nothing_to_measure_gives_zero() -> None:
    found = measure([], [])
    assert found.accuracy == found.weighted.f1 == found.macro.precision == 0.0
    assert found.labels == {}


def test_the_report_has_the_keys_of_the_originals() -> None:
    report = measure(TARGETS, GUESSES).report()
    assert list(report) == ["a", "b", "c", "accuracy", "micro avg", "macro avg", "weighted avg"]
    assert list(report["a"]) == ["precision", "recall", "f1-score", "support"]


def test_confusions_count_rows_expected_and_columns_predicted() -> None:
    found = confusions(TARGETS, GUESSES)
    assert found["labels"] == ["a", "b", "c", "x"]
    assert found["matrix"][0] == [2, 1, 0, 0]
    assert found["matrix"][1] == [0, 1, 0, 1]
