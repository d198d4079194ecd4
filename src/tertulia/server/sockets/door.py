"""Who may connect: pages of allowed origins, and clients with the credentials that are asked for.

Source: spec channels.md section 5 (`connect`).
"""

from urllib.parse import urlsplit

from tertulia.base.errors import RequestError
from tertulia.schema.channels import SocketioChannel
from tertulia.server import query
from tertulia.server.access import FULL, Grant
from tertulia.server.auth import Gate, Verifier
from tertulia.server.body import AnyConnection
from tertulia.server.cors import Cors
from tertulia.server.errors import FOREIGN_ORIGIN, NOT_AUTHENTICATED
from tertulia.server.sockets.hub import Offered

_BEARER = "bearer "


class Door:
    """Lets clients in. gate: of the server, which asks where the channels are protected."""

    def __init__(self, config: SocketioChannel, gate: Gate, cors: Cors) -> None:
        self._gate = gate
        self._cors = cors
        self._verifier = _verifier_of(config)

    def check_origin(self, origin: str | None, host: str | None) -> None:
        """Refuse pages that may not read the answers of this server.

        Browsers ask nobody before they open a WebSocket. host: what the page believes to call.

        Raises:
            RequestError: 403.
        """
        if origin is None or self._cors.admits(origin) or _is_own(origin, host):
            return
        raise RequestError(
            "pages of this origin may not connect",
            hint="Whoever runs the server allows it with --cors and the origin.",
            code=FOREIGN_ORIGIN,
        )

    def admit(self, offered: Offered, token: str | None) -> Grant:
        """Return what a client may do. token: what it brought when it connected.

        Raises:
            RequestError: it brought nothing that is good.
        """
        bare = _bare(token)
        if self._verifier is not None:
            given = bare or offered.token or _bare(offered.authorization)
            if given is None or self._verifier.claims(given) is None:
                raise RequestError("user is not authenticated.", code=NOT_AUTHENTICATED)
        if not self._gate.asks("channel"):
            return FULL
        return self._gate.admit(
            "channel",
            token=bare or offered.token,
            authorization=offered.authorization if bare is None else f"Bearer {bare}",
            conversation_id=None,
        )


def offered_by(connection: AnyConnection) -> Offered:
    """Return the credentials of a request."""
    authorization = connection.headers.get("authorization")
    return Offered(authorization=authorization, token=query.text(connection, "token"))


def _verifier_of(config: SocketioChannel) -> Verifier | None:
    if config.jwt_key is None:
        return None
    # Only servers that check signatures load the library for them.
    from tertulia.server.signed import SignedClaims

    return SignedClaims(config.jwt_key, method=config.jwt_method)


def _bare(token: str | None) -> str | None:
    if token is None or not token.strip():
        return None
    given = token.strip()
    return given[len(_BEARER) :].strip() if given.lower().startswith(_BEARER) else given


def _is_own(origin: str, host: str | None) -> bool:
    try:
        return host is not None and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False
