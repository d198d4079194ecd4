"""Who can reach the server."""

import pytest

from tertulia.base.errors import ConfigError
from tertulia.cli.exposure import EVERYWHERE, choose_interface, is_loopback, reachable_host


def test_without_authentication_only_this_machine_is_served() -> None:
    chosen = choose_interface(None, authenticated=False, enable_api=True, insecure=False)
    assert chosen == "127.0.0.1"


def test_with_authentication_everybody_is_served_as_before() -> None:
    chosen = choose_interface(None, authenticated=True, enable_api=True, insecure=False)
    assert chosen == EVERYWHERE


@pytest.mark.parametrize("interface", [EVERYWHERE, "192.168.1.5", "::", "bot.example.org"])
def test_an_open_api_is_not_offered_to_others(interface: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose_interface(interface, authenticated=False, enable_api=True, insecure=False)
    assert caught.value.code == "T151"
    assert "--auth-token" in caught.value.hint


@pytest.mark.parametrize(
    ("authenticated", "enable_api", "insecure"),
    [(True, True, False), (False, False, False), (False, True, True)],
)
def test_channels_authentication_or_a_clear_word_open_the_door(
    authenticated: bool, enable_api: bool, insecure: bool
) -> None:
    chosen = choose_interface(
        EVERYWHERE, authenticated=authenticated, enable_api=enable_api, insecure=insecure
    )
    assert chosen == EVERYWHERE


@pytest.mark.parametrize("interface", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_this_machine_is_recognised_under_each_of_its_names(interface: str) -> None:
    assert is_loopback(interface)
    assert choose_interface(interface, authenticated=False, enable_api=True, insecure=False)


@pytest.mark.parametrize(
    ("interface", "host"),
    [
        (EVERYWHERE, "localhost"),
        ("127.0.0.1", "localhost"),
        ("10.1.2.3", "10.1.2.3"),
        ("fe80::1", "[fe80::1]"),
    ],
)
def test_the_printed_address_can_be_opened_on_this_machine(interface: str, host: str) -> None:
    assert reachable_host(interface) == host
