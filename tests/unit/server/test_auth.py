"""The gate and the signed claims, without a server."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tertulia.base.errors import ConfigError, RequestError
from tertulia.base.secret import Secret
from tertulia.server.access import FULL, Scope
from tertulia.server.auth import Gate, gate_of
from tertulia.server.settings import ServerSettings
from tertulia.server.signed import METHODS, SignedClaims

CLAIMS = {"user": {"username": "alice", "role": "user"}}
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVES = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1(), "ES512": ec.SECP521R1()}


def pem_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_verifies_its_own_signature(method: str) -> None:
    if method.startswith("HS"):
        credential = jwt.encode(CLAIMS, "k" * 64, algorithm=method)
        key = "k" * 64
    elif method.startswith("ES"):
        private = ec.generate_private_key(CURVES[method])
        credential, key = jwt.encode(CLAIMS, private, algorithm=method), pem_of(private)
    else:
        credential, key = jwt.encode(CLAIMS, RSA, algorithm=method), pem_of(RSA)
    assert SignedClaims(Secret(key), method=method).claims(credential) == CLAIMS


def test_a_public_key_never_serves_as_a_shared_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        SignedClaims(Secret(pem_of(RSA)), method="HS256")
    assert caught.value.code == "T193"


def test_a_token_signed_with_the_public_key_as_secret_is_no_claim() -> None:
    # The classic confusion: the attacker knows the public key and signs with it.
    public = pem_of(RSA)
    header, body = (
        jwt.utils.base64url_encode(part)
        for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"user":{"role":"admin"}}')
    )
    import hashlib
    import hmac

    signature = hmac.new(public.encode(), header + b"." + body, hashlib.sha256).digest()
    forged = b".".join((header, body, jwt.utils.base64url_encode(signature))).decode()
    assert SignedClaims(Secret(public), method="RS256").claims(forged) is None


@pytest.mark.parametrize("method", ["none", "NONE", "", "hs256", "EdDSA"])
def test_other_methods_cannot_be_chosen(method: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SignedClaims(Secret("k" * 64), method=method)
    assert caught.value.code == "T192"


@pytest.mark.parametrize("method", ["RS256", "ES256", "PS512"])
def test_a_shared_secret_is_no_public_key(method: str) -> None:
    with pytest.raises(ConfigError) as caught:
        SignedClaims(Secret("just a secret"), method=method)
    assert caught.value.code == "T193"
    assert "just a secret" not in str(caught.value)


@pytest.mark.parametrize("leeway", [0.0, 180.0])
def test_the_leeway_is_what_the_settings_say(leeway: float) -> None:
    expired = datetime.now(UTC) - timedelta(seconds=60)
    credential = jwt.encode({**CLAIMS, "exp": expired}, "k" * 64, algorithm="HS256")
    found = SignedClaims(Secret("k" * 64), method="HS256", leeway=leeway).claims(credential)
    assert (found is not None) == (leeway > 60)


@pytest.mark.parametrize("credential", ["", ".", "a.b.c", "..", "é", "a" * 10_000, "\x00"])
def test_garbage_is_no_claim(credential: str) -> None:
    assert SignedClaims(Secret("k" * 64), method="HS256").claims(credential) is None


def test_a_short_secret_is_used_without_complaint_on_each_request() -> None:
    credential = jwt.encode(CLAIMS, "k" * 64, algorithm="HS256")
    assert SignedClaims(Secret("short"), method="HS256").claims(credential) is None


def test_a_gate_without_credentials_is_open() -> None:
    gate = gate_of(ServerSettings())
    assert gate.is_open
    assert [scope for scope in get_args(Scope) if gate.asks(scope)] == []


def test_an_empty_token_is_refused_at_the_start() -> None:
    with pytest.raises(ConfigError) as caught:
        gate_of(ServerSettings(auth_token=Secret("")))
    assert caught.value.code == "T191"


@pytest.mark.parametrize("given", [None, "", "T", "ü", "\udcff", "t" * 10_000])
def test_only_the_token_itself_is_the_token(given: str | None) -> None:
    gate = Gate(Secret("t"), None)
    with pytest.raises(RequestError) as caught:
        gate.admit("read", token=given, authorization=None, conversation_id=None)
    assert caught.value.code == "T807"
    assert gate.admit("read", token="t", authorization=None, conversation_id=None) == FULL
