"""Who may use the API: a shared token, a key of a program, or a signed claim of who one is.

Channels are asked for these only where the settings say so.

Source: spec http_api.md section 3.
"""

import hmac
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, Protocol, cast

from tertulia.base.errors import ConfigError, RequestError
from tertulia.base.secret import Secret
from tertulia.schema.access import ApiKey
from tertulia.server.access import FULL, NOTHING, Grant, Scope, grant_for, needed
from tertulia.server.errors import NOT_AUTHENTICATED, NOT_AUTHORIZED
from tertulia.server.settings import ServerSettings

Json = Any


class Verifier(Protocol):
    """Checks signed claims."""

    def claims(self, credential: str) -> Mapping[str, Json] | None:
        """Return the claims, None when the credential is not good."""
        ...


class Gate:
    """Knows the credentials; without any it is open.

    token: grants everything. verifier: of signed claims. keys: those of programs. channels: the
    channels ask for credentials, too.
    """

    def __init__(
        self,
        token: Secret | None,
        verifier: Verifier | None,
        keys: Iterable[ApiKey] = (),
        *,
        channels: bool = False,
    ) -> None:
        known = [(key.key, grant_for(*key.scopes, prefix=key.conversations)) for key in keys]
        if token is not None:
            known.append((token, FULL))
        self._secrets = [(_digest(secret.reveal()), grant) for secret, grant in known]
        self._verifier = verifier
        self._channels = channels

    @property
    def is_open(self) -> bool:
        """Tell whether everybody may come in."""
        return not self._secrets and self._verifier is None

    def asks(self, scope: Scope) -> bool:
        """Tell whether a route of this scope wants credentials."""
        return not self.is_open and (self._channels if scope == "channel" else scope != "open")

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
            # Which conversation a message over a channel is for stands in its body: `check_reach`.
            if scope == "channel" and grant.holds(needed(scope)):
                return grant
            if grant.reaches(scope, conversation_id):
                return grant
        raise RequestError("user has insufficient permissions.", code=NOT_AUTHORIZED)

    def _of_secret(self, given: str | None) -> Grant | None:
        if given is None or not self._secrets:
            return None
        digest = _digest(given)
        found = None
        for known, grant in self._secrets:  # to the end, so that time tells nothing
            found = grant if hmac.compare_digest(digest, known) else found
        return found

    def _of_claims(self, credential: str | None) -> Grant | None:
        if self._verifier is None or credential is None:
            return None
        claims = self._verifier.claims(credential)
        return None if claims is None else _grant_of(claims)


def gate_of(settings: ServerSettings) -> Gate:
    """Return the gate that the settings describe.

    Raises:
        ConfigError: an empty token, an unknown method, a key that does not fit it, or channels to
            protect and nothing to protect them with.
    """
    if settings.protect_channels and not settings.is_protected:
        raise ConfigError(
            "the channels shall ask for credentials, and there are none",
            hint="Add --auth-token, --jwt-secret or api_keys in endpoints.yml.",
            code="T128",
        )
    if settings.auth_token is not None and not settings.auth_token.reveal():
        raise ConfigError(
            "the authentication token is empty, so everybody would know it",
            hint="Set a token, or leave the option out.",
            code="T191",
        )
    return Gate(
        settings.auth_token,
        _verifier_of(settings) if settings.checks_claims else None,
        settings.api_keys,
        channels=settings.protect_channels,
    )


def _verifier_of(settings: ServerSettings) -> Verifier:
    # Only servers that check signatures load the library for them.
    from tertulia.server.key_file import KeyFile
    from tertulia.server.signed import SignedClaims, check_method

    key: Any = settings.jwt_secret
    if settings.jwt_keys is not None:
        if key is not None:
            raise ConfigError(
                "signed tokens have both a key and a file of keys",
                hint="Keep --jwt-secret or --jwt-keys.",
                code="T109",
            )
        key = KeyFile(settings.jwt_keys, check_method(settings.jwt_method))
    return SignedClaims(
        key,
        method=settings.jwt_method,
        leeway=settings.jwt_leeway,
        audience=settings.jwt_audience,
        issuer=settings.jwt_issuer,
        requires_expiry=settings.jwt_requires_expiry,
    )


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
