"""Who may use the API: a shared token, or a signed claim of who one is.

Channels are never asked for these; they have their own.

Source: spec http_api.md section 3.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Protocol, cast

from tertulia.base.errors import ConfigError, RequestError
from tertulia.base.secret import Secret
from tertulia.server.access import FULL, NOTHING, Grant, Scope, grant_for
from tertulia.server.errors import NOT_AUTHENTICATED, NOT_AUTHORIZED
from tertulia.server.settings import ServerSettings

Json = Any


class Verifier(Protocol):
    """Checks signed claims."""

    def claims(self, credential: str) -> Mapping[str, Json] | None:
        """Return the claims, None when the credential is not good."""
        ...


class Gate:
    """Knows the credentials. token, verifier: None when not configured; both None is open."""

    def __init__(self, token: Secret | None, verifier: Verifier | None) -> None:
        self._token = None if token is None else _digest(token.reveal())
        self._verifier = verifier

    @property
    def is_open(self) -> bool:
        """Tell whether everybody may come in."""
        return self._token is None and self._verifier is None

    def asks(self, scope: Scope) -> bool:
        """Tell whether a route of this scope wants credentials."""
        return not self.is_open and scope not in ("open", "channel")

    def admit(
        self,
        scope: Scope,
        *,
        token: str | None,
        authorization: str | None,
        conversation_id: str | None,
    ) -> Grant:
        """Return what lets the request pass, or raise. Of several credentials one suffices.

        token: of the query. authorization: the header. conversation_id: of the route, None for
        routes without one.

        Raises:
            RequestError: 401 without valid credentials, 403 when they do not reach this far.
        """
        credential = _bearer(authorization)
        offered = (
            self._of_secret(token),
            self._of_secret(credential),
            self._of_claims(credential),
        )
        grants = [grant for grant in offered if grant is not None]
        if not grants:
            raise RequestError("user is not authenticated.", code=NOT_AUTHENTICATED)
        for grant in grants:
            if grant.reaches(scope, conversation_id):
                return grant
        raise RequestError("user has insufficient permissions.", code=NOT_AUTHORIZED)

    def _of_secret(self, given: str | None) -> Grant | None:
        if self._token is None or given is None:
            return None
        return FULL if hmac.compare_digest(_digest(given), self._token) else None

    def _of_claims(self, credential: str | None) -> Grant | None:
        if self._verifier is None or credential is None:
            return None
        claims = self._verifier.claims(credential)
        return None if claims is None else _grant_of(claims)


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


def _digest(text: str) -> bytes:
    # Of one length whatever was sent, so that comparing tells nothing about the secret's.
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def _grant_of(claims: Mapping[str, Json]) -> Grant:
    user: object = claims.get("user")
    if not isinstance(user, Mapping):
        return NOTHING
    fields = cast(Mapping[str, object], user)
    role, name = fields.get("role"), fields.get("username")
    if role == "admin":
        return FULL
    if role == "user" and isinstance(name, str):
        return grant_for("write", only=name)
    return NOTHING
