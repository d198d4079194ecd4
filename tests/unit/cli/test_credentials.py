"""Channels that credentials.yml and the command line ask for."""

from pathlib import Path

import pytest

from tertulia.base.errors import ProblemsFound
from tertulia.cli.credentials import wanted_channels
from tertulia.schema.channels import CallbackChannel, Channels, SocketioChannel


def written(folder: Path, text: str) -> Path:
    path = folder / "credentials.yml"
    path.write_text(text)
    return path


def channels(folder: Path, text: str, connector: str | None = None) -> Channels:
    return wanted_channels(written(folder, text), connector)


@pytest.mark.parametrize("text", ["rest:\n", "rest: {}\n"])
def test_rest_needs_nothing(tmp_path: Path, text: str) -> None:
    assert channels(tmp_path, text) == {"rest": None}


def test_an_empty_file_asks_for_nothing(tmp_path: Path) -> None:
    assert channels(tmp_path, "") == {}


def test_a_channel_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound) as caught:
        channels(tmp_path, "rest:\n\nslack:\n  slack_token: secret-text\n")
    path = tmp_path / "credentials.yml"
    assert str(caught.value).startswith(f"{path}:3:1: T152: the channel 'slack'")
    assert "Available: rest, callback, socketio." in str(caught.value)
    assert "secret-text" not in str(caught.value)


def test_a_chosen_connector_passes_over_the_others(tmp_path: Path) -> None:
    text = "slack:\n  slack_token: x\ncallback:\n  url: http://x\n"
    assert channels(tmp_path, text, "rest") == {"rest": None}
    assert list(channels(tmp_path, text, "callback")) == ["callback"]
    assert channels(tmp_path, text, "cmdline") == {}


@pytest.mark.parametrize("report", [True, False])
def test_the_entry_of_a_product_that_ended_is_only_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, report: bool
) -> None:
    path = written(tmp_path, "rest:\nrasa:\n  url: http://localhost:5002/api\n")
    assert wanted_channels(path, None, report=report) == {"rest": None}
    assert ("the channel 'rasa'" in caplog.text) == report


def test_a_list_is_no_file_of_channels(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="T154"):
        channels(tmp_path, "- rest\n")


def test_the_address_of_a_callback_is_read_with_its_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "5099")
    found = channels(tmp_path, "callback:\n  url: http://x:${PORT}/bot\n  token: hidden\n")
    channel = found["callback"]
    assert isinstance(channel, CallbackChannel)
    assert channel.url == "http://x:5099/bot"
    assert channel.token is not None
    assert "hidden" not in repr(channel)


@pytest.mark.parametrize("connector", [None, "callback"])
def test_a_callback_without_an_address_stops_the_start(
    tmp_path: Path, connector: str | None
) -> None:
    with pytest.raises(ProblemsFound, match="T882"):
        channels(tmp_path, "callback:\n", connector)
    with pytest.raises(ProblemsFound, match="T882"):
        wanted_channels(None, "callback")


def test_an_unknown_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProblemsFound, match="adress"):
        channels(tmp_path, "callback:\n  adress: http://x\n")


@pytest.mark.parametrize("text", ["socketio:\n", "socketio: {}\n"])
def test_socketio_needs_nothing(tmp_path: Path, text: str) -> None:
    assert channels(tmp_path, text) == {"socketio": SocketioChannel()}
    assert wanted_channels(None, "socketio") == {"socketio": SocketioChannel()}


def test_all_keys_of_socketio_are_read(tmp_path: Path) -> None:
    found = channels(
        tmp_path,
        "socketio:\n  user_message_evt: ask\n  bot_message_evt: tell\n  namespace: talk\n"
        "  session_persistence: 'true'\n  socketio_path: live/bot/\n  jwt_key: hidden\n"
        "  jwt_method: HS384\n  metadata_key: customData\n",
    )
    channel = found["socketio"]
    assert isinstance(channel, SocketioChannel)
    assert (channel.user_message_evt, channel.bot_message_evt) == ("ask", "tell")
    assert (channel.root, channel.path) == ("/talk", "/live/bot")
    assert (channel.session_persistence, channel.metadata_key) == (True, "customData")
    assert channel.jwt_key is not None
    assert channel.jwt_method == "HS384"
    assert "hidden" not in repr(channel)


@pytest.mark.parametrize(
    "line",
    ["socketio_path: /", "socketio_path: /a{b}", "user_message_evt: ''", "namespaces: /a"],
)
def test_a_setting_of_socketio_that_is_none_stops_the_start(tmp_path: Path, line: str) -> None:
    with pytest.raises(ProblemsFound, match="T139"):
        channels(tmp_path, f"socketio:\n  {line}\n")


@pytest.mark.parametrize("name", ["rest", "cmdline"])
def test_a_connector_that_exists_is_taken(name: str) -> None:
    assert list(wanted_channels(None, name)) == [] if name == "cmdline" else ["rest"]


def test_another_connector_is_refused() -> None:
    with pytest.raises(ProblemsFound, match="T152"):
        wanted_channels(None, "telegram")
