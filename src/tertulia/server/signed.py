"""JSON Web Tokens, checked with exactly one algorithm.

Rule: the algorithm comes from the settings, never from the token.

Source: spec http_api.md section 3.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import jwt

from tertulia.base.errors import ConfigError
from tertulia.base.secret import Secret

Json = Any
KeyOf = Callable[[str | None], Any]
"""Returns the key for a token's `kid`, None when there is none for it."""

METHODS = (
    *("HS256", "HS384", "HS512"),
    *("RS256", "RS384", "RS512"),
    *("ES256", "ES384", "ES512"),
    *("PS256", "PS384", "PS512"),
)
"""Algorithms that may be chosen."""

_FAULTS = (jwt.PyJWTError, ValueError, OverflowError, RecursionError, TypeError)


class SignedClaims:
    """Verifies tokens. leeway: seconds that clocks may differ.

    audience, issuer: what a token must say. requires_expiry: one without `exp` is no good.
    """

    def __init__(
        self,
        key: Secret | KeyOf,
        *,
        method: str,
        leeway: float = 0.0,
        audience: str | None = None,
        issuer: str | None = None,
        requires_expiry: bool = False,
    ) -> None:
        self._key_of = _only(key, check_method(method)) if isinstance(key, Secret) else key
        self._method = method
        self._expected: dict[str, Any] = {
            "leeway": leeway,
            "audience": audience,
            "issuer": issuer,
            "options": {
                "verify_iat": False,
                "verify_sub": False,
                "verify_jti": False,
                "require": ["exp"] if requires_expiry else [],
            },
        }

    def claims(self, credential: str) -> Mapping[str, Json] | None:
        """Return the claims of a good token; None for any fault of it."""
        try:
            with warnings.catch_warnings():
                # The owner of the key chose its length; saying so on each request helps nobody.
                warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
                key = self._key_of(_named_key(credential))
                if key is None:
                    return None
                return jwt.decode(credential, key, algorithms=[self._method], **self._expected)
        except _FAULTS:
            return None


def check_method(method: str) -> str:
    """Return the method.

    Raises:
        ConfigError: it is none.
    """
    if method not in METHODS:
        raise ConfigError(
            f"'{method}' is not a method for signed tokens",
            hint=f"Known: {', '.join(METHODS)}.",
            code="T192",
        )
    return method


def _named_key(credential: str) -> str | None:
    name: object = jwt.get_unverified_header(credential).get("kid")
    return name if isinstance(name, str) else None


def _only(secret: Secret, method: str) -> KeyOf:
    """Return the one key, as the library wants it; a PEM file never serves as a shared secret."""
    try:
        key = jwt.get_algorithm_by_name(method).prepare_key(secret.reveal())
    except (jwt.InvalidKeyError, ValueError, TypeError) as error:
        raise _unfit(method) from error
    if not secret.reveal():  # anybody can sign with an empty text
        raise _unfit(method)
    return lambda _: key


def _unfit(method: str) -> ConfigError:
    wanted = "a shared secret" if method.startswith("HS") else "a PEM public key of that kind"
    return ConfigError(
        f"the key for signed tokens does not fit the method {method}",
        hint=f"{method} needs {wanted}.",
        code="T193",
    )
