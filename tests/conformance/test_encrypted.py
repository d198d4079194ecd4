"""Redis and NATS over TLS with passwords: servers and certificates of the test's own."""

import datetime
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tertulia.adapters.brokers.nats import NatsEventBroker
from tertulia.adapters.brokers.redis import RedisStreamEventBroker
from tertulia.adapters.stores.redis import RedisTrackerStore
from tertulia.base.errors import BrokerUnavailable, StoreUnavailable
from tertulia.base.secret import Secret
from tertulia.schema.brokers import NatsBroker, RedisStreamBroker
from tertulia.schema.stores import RedisStore
from tertulia.stores import try_store
from tertulia.testing.event_broker import told

HOST = "127.0.0.1"
USER, PASSWORD = "bot", "only-for-this-test"
_PEM = serialization.Encoding.PEM


class Authority(NamedTuple):
    """A folder with `ca.pem`, and `cert.pem` and `key.pem` of a server at 127.0.0.1."""

    folder: Path

    def file(self, name: str) -> str:
        return str(self.folder / f"{name}.pem")


def certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *extensions: x509.ExtensionType,
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def make_authority(folder: Path) -> Authority:
    folder.mkdir()
    root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    own = x509.SubjectKeyIdentifier.from_public_key(root.public_key())
    of_root = x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key())
    ca = certificate(
        "an authority", root, named("an authority"), root,
        x509.BasicConstraints(ca=True, path_length=None), own,
    )  # fmt: skip
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))])
    cert = certificate("a server", key, named("an authority"), root, address, of_root)
    (folder / "ca.pem").write_bytes(ca.public_bytes(_PEM))
    (folder / "cert.pem").write_bytes(cert.public_bytes(_PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return Authority(folder)


def start(folder: Path, port: int, *command: str) -> "subprocess.Popen[bytes]":
    """Start a server and return when it listens; without its program the test is skipped."""
    if shutil.which(command[0]) is None:
        reason = f"{command[0]} is not on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            said = (folder / "server.log").read_text(errors="replace")
            assert process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.05)
        else:
            return process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls") / "ours")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("tls") / "theirs")


@pytest.fixture(scope="module")
def redis_port(authority: Authority) -> Iterator[int]:
    port = free_port()
    process = start(
        authority.folder, port,
        "redis-server", "--port", "0", "--tls-port", str(port), "--bind", HOST,
        "--tls-cert-file", authority.file("cert"), "--tls-key-file", authority.file("key"),
        "--tls-ca-cert-file", authority.file("ca"), "--tls-auth-clients", "no",
        "--save", "", "--requirepass", PASSWORD,
    )  # fmt: skip
    yield port
    process.kill()
    process.wait(30)


@pytest.fixture(scope="module")
def nats_port(authority: Authority) -> Iterator[int]:
    port = free_port()
    process = start(
        authority.folder, port,
        "nats-server", "-a", HOST, "-p", str(port), "-js", "-sd", str(authority.folder / "js"),
        "--tls", "--tlscert", authority.file("cert"), "--tlskey", authority.file("key"),
        "--user", USER, "--pass", PASSWORD,
    )  # fmt: skip
    yield port
    process.kill()
    process.wait(30)


async def use_store(port: int, ca: str, password: str) -> None:
    config = RedisStore(
        url=HOST, port=port, password=Secret(password), use_ssl=True, ssl_ca_certs=ca, timeout=5.0
    )
    store = await RedisTrackerStore.open(config, patience=0)
    try:
        await try_store(store)
    finally:
        await store.close()


async def use_stream(port: int, ca: str, password: str) -> None:
    config = RedisStreamBroker(
        url=HOST, port=port, password=Secret(password), use_ssl=True, ssl_ca_certs=ca, timeout=5.0
    )
    broker = RedisStreamEventBroker(config)
    try:
        await broker.publish(told("a", 1, 3))
    finally:
        await broker.close()


async def use_nats(port: int, ca: str, password: str) -> None:
    config = NatsBroker(
        url=f"tls://{HOST}:{port}",
        subject="encrypted",
        stream="encrypted",
        username=USER,
        password=Secret(password),
        ssl_cafile=ca,
        timeout=5.0,
    )
    broker = NatsEventBroker(config)
    try:
        await broker.publish(told("a", 1, 3))
    finally:
        await broker.close()


Use = Callable[[int, str, str], Awaitable[None]]
USES = [(use_store, "redis_port"), (use_stream, "redis_port"), (use_nats, "nats_port")]


@pytest.mark.parametrize(("use", "server"), USES)
async def test_what_is_encrypted_is_used_as_everything_else(
    request: pytest.FixtureRequest, authority: Authority, use: Use, server: str
) -> None:
    await use(request.getfixturevalue(server), authority.file("ca"), PASSWORD)


@pytest.mark.parametrize(("use", "server"), USES)
async def test_a_certificate_of_another_authority_is_refused_with_the_reason(
    request: pytest.FixtureRequest, stranger: Authority, use: Use, server: str
) -> None:
    with pytest.raises((StoreUnavailable, BrokerUnavailable), match=r"(?i)certificate") as raised:
        await use(request.getfixturevalue(server), stranger.file("ca"), PASSWORD)
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize(("use", "server"), USES)
async def test_a_wrong_password_is_refused_and_not_shown(
    request: pytest.FixtureRequest, authority: Authority, use: Use, server: str
) -> None:
    refused = (StoreUnavailable, BrokerUnavailable)
    with pytest.raises(refused, match=r"(?i)pass|authoriz") as raised:
        await use(request.getfixturevalue(server), authority.file("ca"), "a-wrong-word")
    assert "a-wrong-word" not in str(raised.value)


async def test_a_server_that_speaks_tls_is_no_plain_one(redis_port: int) -> None:
    config = RedisStore(url=HOST, port=redis_port, password=Secret(PASSWORD), timeout=5.0)
    with pytest.raises(StoreUnavailable, match="Redis at"):
        await RedisTrackerStore.open(config, patience=0)
