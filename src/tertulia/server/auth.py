"""Who may use the API: a shared token, or a signed claim of who one is.

Channels are never asked for these; they have their own.

Source: spec http_api.md section 3.
"""

import hmac
from collections.abc import Mapping
from typing import Any, Protocol, cast

from tertulia.base.errors import ConfigError, RequestError
from tertulia.base.secret import Secret
from tertulia.server.errors import NOT_AUTHENTICATED, NOT_AUTHORIZED
from tertulia.server.settings import ServerSettings

Json = Any


class Verifier(Protocol):
    """Checks signed claims."""

    def claims(self, credential: str) -> Mapping[str, Json] | None:
        """Return the claims, None when the credential is not good."""
        ...


class Gate:
    """Decides on one request. token, verifier: None when not configured; both None is open."""

    def __init__(self, token: Secret | None, verifier: Verifier | None) -> None:
        self._token = token
        self._verifier = verifier

    @property
    def is_open(self) -> bool:
        """Tell whether everybody may come in."""
        return self._token is None and self._verifier is None

    def admit(
        self, *, token: str | None, authorization: str | None, conversation_id: str | None
    ) -> None:
        """Let the request pass, or raise.

        token: of the query. authorization: the header. conversation_id: of the route, None for
        routes without one.

        Raises:
            RequestError: 401 without valid credentials, 403 when they do not reach this far.
        """
        if self.is_open or self._is_token(token):
            return
        credential = _bearer(authorization)
        if self._is_token(credential):
            return
        claims = None
        if self._verifier is not None and credential is not None:
            claims = self._verifier.claims(credential)
        if claims is None:
            raise RequestError("user is not authenticated.", code=NOT_AUTHENTICATED)
        if not _reaches(claims, conversation_id):
            raise RequestError("user has insufficient permissions.", code=NOT_AUTHORIZED)

    def _is_token(self, given: str | None) -> bool:
        if self._token is None or given is None:
            return False
        expected = self._token.reveal().encode()
        return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected)


def gate_of(settings: ServerSettings) -> Gate:
    """Return the gate that the settings describe.

    Raises:
        ConfigError: an empty token, an unknown method, or a key that does not fit it.
    """
    if settings.auth_token is not None and not settings.auth_token.reveal():
        raise ConfigError(
            "the authentication token is empty, so everybody would know it",
            hint="Set a token, or leave the option out.",
            code="T191",
        )
    verifier: Verifier | None = None
    if settings.jwt_secret is not None:
        # Only servers that check signatures load the library for them.
        from tertulia.server.signed import SignedClaims

        verifier = SignedClaims(
            settings.jwt_secret, method=settings.jwt_method, leeway=settings.jwt_leeway
        )
    return Gate(settings.auth_token, verifier)


def _bearer(header: str | None) -> str | None:
    if header is None:
        return None
    scheme, _, credential = header.strip().partition(" ")
    credential = credential.strip()
    if scheme.lower() != "bearer" or not credential or " " in credential:
        return None
    return credential


def _reaches(claims: Mapping[str, Json], conversation_id: str | None) -> bool:
    user: object = claims.get("user")
    if not isinstance(user, Mapping):
        return False
    fields = cast(Mapping[str, object], user)
    if fields.get("role") == "admin":
        return True
    if fields.get("role") != "user" or conversation_id is None:
        return False
    return fields.get("username") == conversation_id
