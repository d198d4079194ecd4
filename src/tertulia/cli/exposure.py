"""Who can reach the server: chooses the address to listen on, and refuses open doors."""

import ipaddress

from tertulia.base.errors import ConfigError

LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - bound only with authentication, or when a person says so


def choose_interface(
    wanted: str | None, *, authenticated: bool, enable_api: bool, insecure: bool
) -> str:
    """Return the address to listen on.

    Without a wish: everywhere with authentication, as the originals do, else this machine only.

    Raises:
        ConfigError: the wish would open the HTTP API to everybody.
    """
    if wanted is None:
        return EVERYWHERE if authenticated or insecure else LOOPBACK
    if enable_api and not (authenticated or insecure or is_loopback(wanted)):
        raise ConfigError(
            f"on the interface {wanted} everybody in reach could read and change conversations",
            hint="Add --auth-token or --jwt-secret, or listen on 127.0.0.1; with --insecure it is "
            "served as it is.",
            code="T151",
        )
    return wanted


def is_loopback(interface: str) -> bool:
    """Whether only programs on this machine reach the address."""
    if interface == "localhost":
        return True
    try:
        return ipaddress.ip_address(interface.strip("[]")).is_loopback
    except ValueError:
        return False


def reachable_host(interface: str) -> str:
    """Return what to write in an address for a browser on this machine."""
    if interface in (EVERYWHERE, "::", LOOPBACK, "::1"):
        return "localhost"
    return f"[{interface}]" if ":" in interface else interface
