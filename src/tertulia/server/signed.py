"""JSON Web Tokens, checked with exactly one algorithm and one key.

Rule: the algorithm comes from the settings, never from the token.

Source: spec http_api.md section 3.
"""

import warnings
from collections.abc import Mapping
from typing import Any

import jwt

from tertulia.base.errors import ConfigError
from tertulia.base.secret import Secret

Json = Any

METHODS = (
    *("HS256", "HS384", "HS512"),
    *("RS256", "RS384", "RS512"),
    *("ES256", "ES384", "ES512"),
    *("PS256", "PS384", "PS512"),
)
"""Algorithms that may be chosen."""


class SignedClaims:
    """Verifies tokens. leeway: seconds that clocks may differ."""

    def __init__(self, secret: Secret, *, method: str, leeway: float = 0.0) -> None:
        if method not in METHODS:
            raise ConfigError(
                f"'{method}' is not a method for signed tokens",
                hint=f"Known: {', '.join(METHODS)}.",
                code="T192",
            )
        self._key = _prepare(secret, method)
        self._method = method
        self._leeway = leeway

    def claims(self, credential: str) -> Mapping[str, Json] | None:
        """Return the claims of a good token; None for any fault of it."""
        try:
            with warnings.catch_warnings():
                # The owner of the key chose its length; saying so on each request helps nobody.
                warnings.simplefilter("ignore", jwt.InsecureKeyLengthWarning)
                return jwt.decode(
                    credential,
                    self._key,
                    algorithms=[self._method],
                    leeway=self._leeway,
                    options={"verify_iat": False, "verify_sub": False, "verify_jti": False},
                )
        except (jwt.InvalidTokenError, ValueError, OverflowError, RecursionError):
            return None


def _prepare(secret: Secret, method: str) -> Any:
    """Return the key as the library wants it; a PEM file never serves as a shared secret."""
    try:
        return jwt.get_algorithm_by_name(method).prepare_key(secret.reveal())
    except (jwt.InvalidKeyError, ValueError, TypeError) as error:
        wanted = "a shared secret" if method.startswith("HS") else "a PEM public key of that kind"
        raise ConfigError(
            f"the key for signed tokens does not fit the method {method}",
            hint=f"{method} needs {wanted}.",
            code="T193",
        ) from error
