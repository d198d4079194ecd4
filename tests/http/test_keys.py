"""Keys of programs, protected channels, and what tokens may be asked to say."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.http.conftest import Client, connect
from tests.http.test_auth import ADMIN, KEY, signed, user

from tertulia.base.errors import ConfigError
from tertulia.base.secret import Secret
from tertulia.schema.access import ApiKey, KeyScope
from tertulia.server.auth import gate_of
from tertulia.server.key_file import KeyFile
from tertulia.server.settings import ServerSettings

PRIVATE = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
HI = {"sender": "shop-1", "message": "hi"}


def key(*scopes: KeyScope, conversations: str = "") -> ApiKey:
    name = "-".join(scopes)
    return ApiKey(
        name=name, key=Secret(f"key-{name}"), scopes=list(scopes), conversations=conversations
    )


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {name}"}


async def statuses(client: Client, headers: dict[str, str]) -> list[int]:
    return [
        (await client.get("/conversations/shop-1/tracker", headers=headers)).status_code,
        (
            await client.post("/conversations/shop-1/respond", {"q": "hi"}, headers=headers)
        ).status_code,
        (await client.put("/conversations/shop-1/tracker/events", [], headers=headers)).status_code,
        (await client.get("/conversations/other/tracker", headers=headers)).status_code,
        (await client.get("/conversations", headers=headers)).status_code,
    ]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (key("read"), [200, 403, 403, 200, 200]),
        (key("converse"), [403, 200, 403, 403, 403]),
        (key("read", "converse"), [200, 200, 403, 200, 200]),
        (key("write"), [200, 200, 200, 200, 200]),
        (key("admin"), [200, 200, 200, 200, 200]),
        (key("write", conversations="shop-"), [200, 200, 200, 403, 403]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
async def test_a_key_reaches_what_it_was_given(given: ApiKey, expected: list[int]) -> None:
    async with connect("modern", api_keys=(given, key("converse", "admin"))) as client:
        assert await statuses(client, bearer(given.key.reveal())) == expected
        assert await statuses(client, bearer("key-unknown")) == [401] * 5


async def test_a_key_may_also_stand_in_the_query() -> None:
    async with connect("modern", api_keys=(key("read"),)) as client:
        assert (await client.get("/conversations?token=key-read")).status_code == 200


async def test_of_two_credentials_one_that_reaches_suffices() -> None:
    async with connect("modern", api_keys=(key("converse"),), auth_token=Secret("t")) as client:
        answer = await client.get("/conversations?token=key-converse", headers=bearer("t"))
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        (bearer("key-read"), 403),
        (bearer("key-converse"), 200),
        (signed(user("shop-1", "user")), 200),
        (signed(user("shop-2", "user")), 403),
    ],
    ids=["nothing", "read", "converse", "own", "another's"],
)
async def test_protected_channels_ask_who_speaks(headers: dict[str, str], status: int) -> None:
    keys = (key("read"), key("converse", conversations="shop-"))
    async with connect(
        "modern", api_keys=keys, jwt_secret=Secret(KEY), protect_channels=True
    ) as client:
        answer = await client.post("/webhooks/rest/webhook", HI, headers=headers)
        stranger = {**HI, "sender": "else"}
        beyond = await client.post("/webhooks/rest/webhook", stranger, headers=headers)
    assert (answer.status_code, beyond.status_code) == (status, status if status != 200 else 403)


async def test_channels_are_open_unless_they_are_protected() -> None:
    async with connect("modern", auth_token=Secret("t")) as client:
        assert (await client.post("/webhooks/rest/webhook", HI)).status_code == 200


def test_channels_cannot_be_protected_with_nothing() -> None:
    with pytest.raises(ConfigError) as caught:
        gate_of(ServerSettings(protect_channels=True))
    assert caught.value.code == "T128"


def test_an_empty_key_for_tokens_is_refused() -> None:
    for method in ("HS256", "RS256"):
        with pytest.raises(ConfigError) as caught:
            gate_of(ServerSettings(jwt_secret=Secret(""), jwt_method=method))
        assert caught.value.code == "T193"


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"aud": "bot", "iss": "us", "exp": time.time() + 86400}, 200),
        ({"aud": ["bot", "x"], "iss": "us", "exp": time.time() + 86400}, 200),
        ({"aud": "other", "iss": "us", "exp": time.time() + 86400}, 401),
        ({"iss": "us", "exp": time.time() + 86400}, 401),
        ({"aud": "bot", "iss": "them", "exp": time.time() + 86400}, 401),
        ({"aud": "bot", "exp": time.time() + 86400}, 401),
        ({"aud": "bot", "iss": "us"}, 401),
    ],
)
async def test_tokens_must_say_what_the_settings_ask(claims: dict[str, Any], status: int) -> None:
    async with connect(
        "modern",
        jwt_secret=Secret(KEY),
        jwt_audience="bot",
        jwt_issuer="us",
        jwt_requires_expiry=True,
    ) as client:
        answer = await client.get("/conversations", headers=signed({**ADMIN, **claims}))
    assert answer.status_code == status


def jwk(private: rsa.RSAPrivateKey, name: str, **more: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(private.public_key()))
    return {**shown, "kid": name, **more}


def written(path: Path, *keys: dict[str, Any]) -> Path:
    path.write_text(json.dumps({"keys": keys}))
    return path


def token_of(private: Any, name: str | None, method: str = "RS256") -> str:
    return jwt.encode(ADMIN, private, algorithm=method, headers={"kid": name} if name else None)


async def test_the_file_of_keys_is_asked_by_key_id(tmp_path: Path) -> None:
    path = written(tmp_path / "keys.json", jwk(PRIVATE, "a"), jwk(OTHER, "b"))
    async with connect("modern", jwt_keys=path, jwt_method="RS256") as client:
        found = [
            (await client.get("/conversations", headers=bearer(token))).status_code
            for token in (
                token_of(PRIVATE, "a"),
                token_of(OTHER, "b"),
                token_of(PRIVATE, "b"),
                token_of(PRIVATE, "c"),
                token_of(PRIVATE, None),
                token_of(PRIVATE, "a", "RS512"),
            )
        ]
    assert found == [200, 200, 401, 401, 401, 401]


def test_one_key_needs_no_name_and_a_changed_file_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tertulia.server.key_file._LOOK_EVERY", 0.0)
    path = written(tmp_path / "keys.json", jwk(PRIVATE, "a"))
    keys = KeyFile(path, "RS256")
    first = keys("a")
    assert keys(None) == first
    written(path, jwk(OTHER, "b"), jwk(OTHER, "c"))
    assert keys("a") is None
    assert keys("b") is not None
    path.write_text("{ half a fi")
    assert keys("b") is not None


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("", "RS256"),
        ("[]", "RS256"),
        ('{"keys": []}', "RS256"),
        ('{"keys": [{"kty": "RSA", "kid": "a"}]}', "RS256"),
        (json.dumps({"keys": [jwk(PRIVATE, "a", use="enc")]}), "RS256"),
        (json.dumps({"keys": [jwk(PRIVATE, "a", alg="RS512")]}), "RS256"),
        (json.dumps({"keys": [jwk(PRIVATE, "a")]}), "HS256"),
        (json.dumps({"keys": [jwk(PRIVATE, "a")]}), "ES256"),
    ],
)
def test_a_file_without_a_key_for_the_method_stops_the_start(
    tmp_path: Path, text: str, method: str
) -> None:
    path = tmp_path / "keys.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as caught:
        KeyFile(path, method)
    assert caught.value.code == "T147"


def test_a_missing_file_of_keys_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        gate_of(ServerSettings(jwt_keys=tmp_path / "no.json", jwt_method="RS256"))
    assert caught.value.code == "T147"


def test_a_key_and_a_file_of_keys_exclude_each_other(tmp_path: Path) -> None:
    path = written(tmp_path / "keys.json", jwk(PRIVATE, "a"))
    with pytest.raises(ConfigError) as caught:
        gate_of(ServerSettings(jwt_keys=path, jwt_secret=Secret(KEY)))
    assert caught.value.code == "T109"
