"""Redis, NATS and RabbitMQ over TLS with passwords: servers and certificates of the test's own."""

import asyncio
import datetime
import ipaddress
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tertulia.adapters.brokers.nats import NatsEventBroker
from tertulia.adapters.brokers.rabbitmq import RabbitEventBroker
from tertulia.adapters.brokers.redis import RedisStreamEventBroker
from tertulia.adapters.stores.redis import RedisTrackerStore
from tertulia.base.errors import BrokerUnavailable, StoreUnavailable
from tertulia.base.secret import Secret
from tertulia.schema.brokers import NatsBroker, RabbitBroker, RedisStreamBroker
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


def start(
    folder: Path,
    port: int,
    *command: str,
    environment: dict[str, str] | None = None,
    patience: float = 30.0,
) -> "subprocess.Popen[bytes]":
    """Start a server and return when it listens; without its program the test is skipped."""
    if shutil.which(command[0]) is None:
        reason = f"{command[0]} is not on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + patience
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


@pytest.fixture(autouse=True)
async def _closed_in_time() -> AsyncIterator[None]:
    """Wait for connections that drivers close in the background: the server has to agree."""
    before = len(os.listdir("/dev/fd"))
    yield
    for _ in range(100):
        if len(os.listdir("/dev/fd")) <= before:
            break
        await asyncio.sleep(0.05)


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


@pytest.fixture(scope="module")
def rabbit_port(authority: Authority) -> Iterator[int]:
    """A node that wants a certificate of its clients, too."""
    port, folder = free_port(), authority.folder
    (folder / "rabbit.conf").write_text(
        "listeners.tcp = none\n"
        f"listeners.ssl.1 = {HOST}:{port}\n"
        f"ssl_options.cacertfile = {authority.file('ca')}\n"
        f"ssl_options.certfile = {authority.file('cert')}\n"
        f"ssl_options.keyfile = {authority.file('key')}\n"
        "ssl_options.verify = verify_peer\n"
        "ssl_options.fail_if_no_peer_cert = true\n"
        f"default_user = {USER}\n"
        f"default_pass = {PASSWORD}\n"
    )
    (folder / "plugins").write_text("[].")
    own = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "RABBITMQ_NODENAME": f"encrypted{port}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbit.conf"),
        "RABBITMQ_CONFIG_FILES": str(folder / "none"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
    }
    # The script that packages put in the path insists on a user and folders of its own.
    scripts = sorted(Path("/usr/lib/rabbitmq").glob("lib/rabbitmq_server-*/sbin/rabbitmq-server"))
    command = str(scripts[-1]) if scripts else "rabbitmq-server"
    process = start(folder, port, command, environment=own, patience=120)
    yield port
    os.killpg(process.pid, signal.SIGKILL)
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


async def use_rabbit(port: int, ca: str, password: str, *, shows_itself: bool = True) -> None:
    folder = Path(ca).parent
    own = {
        "RABBITMQ_SSL_CLIENT_CERTIFICATE": str(folder / "cert.pem"),
        "RABBITMQ_SSL_CLIENT_KEY": str(folder / "key.pem"),
    }
    config = RabbitBroker(
        url=f"amqps://{HOST}",
        port=port,
        username=USER,
        password=Secret(password),
        timeout=5.0,
    )
    environment = {"RABBITMQ_SSL_CA_FILE": ca, **(own if shows_itself else {})}
    broker = RabbitEventBroker(config, env=environment)
    try:
        await broker.publish(told("a", 1, 3))
    finally:
        await broker.close()


Use = Callable[[int, str, str], Awaitable[None]]
USES = [
    (use_store, "redis_port"),
    (use_stream, "redis_port"),
    (use_nats, "nats_port"),
    (use_rabbit, "rabbit_port"),
]


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
    with pytest.raises(refused, match=r"(?i)pass|authoriz|login") as raised:
        await use(request.getfixturevalue(server), authority.file("ca"), "a-wrong-word")
    assert "a-wrong-word" not in str(raised.value)


async def test_a_server_that_speaks_tls_is_no_plain_one(redis_port: int) -> None:
    config = RedisStore(url=HOST, port=redis_port, password=Secret(PASSWORD), timeout=5.0)
    with pytest.raises(StoreUnavailable, match="Redis at"):
        await RedisTrackerStore.open(config, patience=0)


async def test_a_broker_that_wants_a_certificate_of_its_clients_gets_none_and_refuses(
    authority: Authority, rabbit_port: int
) -> None:
    with pytest.raises(BrokerUnavailable):
        await use_rabbit(rabbit_port, authority.file("ca"), PASSWORD, shows_itself=False)
