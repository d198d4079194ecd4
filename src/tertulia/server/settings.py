"""What a server is told at its start."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from tertulia.base.errors import ConfigError, nearest
from tertulia.base.secret import Secret
from tertulia.schema.access import ApiKey, Limits
from tertulia.schema.channels import NAMES, Channels

Json = Any
ProfileName = Literal["legacy", "modern"]


class Advertised(msgspec.Struct, frozen=True):
    """Versions a server names itself to clients, which compare them with their own."""

    version: str
    minimum_compatible_version: str


_ADVERTISED: Mapping[ProfileName, Advertised] = {
    "legacy": Advertised("0.13.8", "0.13.0a6"),
    "modern": Advertised("3.6.21", "3.6.21"),
}


_MOST_SOCKET_BYTES = 1_000_000


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the server answers, and whom.

    profile: whose status codes, bodies and names are used; input of every generation is read
    under both. enable_api: without it only the channels and the chat page answer. jwt_secret:
    shared secret or PEM public key, as `jwt_method` needs. jwt_keys: a JWKS file in its place.
    jwt_leeway: seconds that clocks may differ. jwt_audience, jwt_issuer: what tokens must say;
    without an audience they must name none. jwt_requires_expiry: tokens without `exp` are no good.
    protect_channels: channels ask for credentials, too. cors_origins: exact origins, `*`, or
    patterns matched whole; none closes the server to other origins. channels: name to credentials;
    `rest` is always there. advertised: None takes the profile's own. response_timeout: seconds a
    request waits for its turn; the turn itself goes on. public_metrics: /metrics asks for no
    credentials, and answers without the API as well. model_roots: folders whose models may be
    loaded by request, trained ones are kept in the first. outgoing_hosts: `host` or `host:port`
    that requests may make the server call.
    """

    profile: ProfileName = "modern"
    enable_api: bool = False
    auth_token: Secret | None = None
    jwt_secret: Secret | None = None
    jwt_method: str = "HS256"
    jwt_leeway: float = 0.0
    jwt_keys: Path | None = None
    jwt_audience: str | None = None
    jwt_issuer: str | None = None
    jwt_requires_expiry: bool = False
    api_keys: tuple[ApiKey, ...] = ()
    protect_channels: bool = False
    limits: Limits = Limits()
    cors_origins: tuple[str, ...] = ()
    channels: Channels = {}
    advertised: Advertised | None = None
    response_timeout: float = 3600.0
    public_metrics: bool = False
    model_roots: tuple[Path, ...] = ()
    outgoing_hosts: tuple[str, ...] = ()

    @property
    def checks_claims(self) -> bool:
        """Tell whether signed tokens are taken."""
        return self.jwt_secret is not None or self.jwt_keys is not None

    @property
    def is_protected(self) -> bool:
        """Tell whether anything but being there is asked of callers."""
        return self.auth_token is not None or self.checks_claims or bool(self.api_keys)

    @property
    def socket_bytes(self) -> int:
        """Return the largest message of a WebSocket: that of the originals, or a lower limit."""
        return min(_MOST_SOCKET_BYTES, self.limits.body_bytes)

    @property
    def is_legacy(self) -> bool:
        """Tell whether clients of the 0.x family are served."""
        return self.profile == "legacy"

    @property
    def versions(self) -> Advertised:
        """Return the versions to advertise."""
        return self.advertised or _ADVERTISED[self.profile]


def check_channels(settings: ServerSettings) -> None:
    """Refuse input channels that the server does not have.

    Raises:
        ConfigError: a name is unknown.
    """
    for name in settings.channels:
        if name not in NAMES:
            raise ConfigError(
                f"there is no input channel '{name}'",
                hint=nearest(name, NAMES) or f"Known: {', '.join(NAMES)}.",
                code="T190",
            )
