"""Channels that credentials.yml asks for."""

from pathlib import Path

import pytest

from tertulia.base.errors import ProblemsFound
from tertulia.cli.credentials import check_connector, check_credentials


def written(folder: Path, text: str) -> Path:
    path = folder / "credentials.yml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", ["", "rest:\n", "rest: {}\n"])
def test_rest_and_nothing_are_fine(tmp_path: Path, text: str) -> None:
    check_credentials(written(tmp_path, text), connector=None)


def test_a_channel_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    path = written(tmp_path, "rest:\n\nslack:\n  slack_token: secret-text\n")
    with pytest.raises(ProblemsFound) as caught:
        check_credentials(path, connector=None)
    assert str(caught.value).startswith(f"{path}:3:1: T152: the channel 'slack'")
    assert "Available: rest." in str(caught.value)
    assert "secret-text" not in str(caught.value)


def test_a_chosen_connector_passes_over_the_others(tmp_path: Path) -> None:
    check_credentials(written(tmp_path, "slack:\n  slack_token: x\n"), connector="rest")


def test_the_entry_of_a_product_that_ended_is_only_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    text = "rest:\nrasa:\n  url: http://localhost:5002/api\n"
    check_credentials(written(tmp_path, text), connector=None)
    assert "the channel 'rasa'" in caplog.text


def test_a_list_is_no_file_of_channels(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="T154"):
        check_credentials(written(tmp_path, "- rest\n"), connector=None)


@pytest.mark.parametrize("name", ["rest", "cmdline"])
def test_a_connector_that_exists_is_taken(name: str) -> None:
    check_connector(name)


def test_another_connector_is_refused() -> None:
    with pytest.raises(ProblemsFound, match="T152"):
        check_connector("telegram")
