"""What a server is told at its start."""

import pytest

from tertulia.base.errors import ConfigError
from tertulia.server.cors import Cors
from tertulia.server.settings import Advertised, ServerSettings, check_channels


def test_the_rest_channel_is_known() -> None:
    check_channels(ServerSettings(channels={"rest": None}))


def test_an_unknown_channel_stops_the_start() -> None:
    with pytest.raises(ConfigError) as caught:
        check_channels(ServerSettings(channels={"rset": None}))
    assert caught.value.code == "T190"
    assert "'rest'" in caught.value.hint


def test_other_versions_may_be_advertised() -> None:
    settings = ServerSettings(advertised=Advertised("0.14.5", "0.14.0a3"))
    assert settings.versions.version == "0.14.5"


def test_an_origin_that_is_no_pattern_stops_the_start() -> None:
    with pytest.raises(ConfigError) as caught:
        Cors(["https://(", "*"])
    assert caught.value.code == "T194"


def test_an_origin_is_compared_without_case_and_last_slash() -> None:
    headers = Cors(["https://OK.example/"]).headers("https://ok.example")
    assert (b"access-control-allow-origin", b"https://ok.example") in headers
