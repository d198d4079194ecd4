"""Serving: addresses, doors, signals, and conversations that outlive the process."""

import datetime
import json
import shutil
import signal
import socket
import ssl
import threading
from contextlib import closing
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tertulia.client import ServerRefused, ServerUnreachable
from tests.integration.programs import TERTULIA, Server, connected, copied, run, serving

TOKEN = "keep-this-out-of-logs"


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    bot = copied("smalltalk", tmp_path_factory.mktemp("bots"))
    assert run("train", "--fixed-model-name", "bot", folder=bot).status == 0
    return bot


@pytest.fixture
def bot(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "bot"))


def texts(server: Server, sender: str = "me") -> list[str]:
    return [event["text"] for event in server.events(sender) if event["event"] == "user"]


def test_a_served_bot_answers_and_says_where_it_is(bot: Path) -> None:
    with serving("--enable-api", folder=bot) as server:
        assert server.say("do you know any jokes?")
        assert server.ask("/chat")[0] == 200
        assert server.ask("/docs")[0] == 200
        port = server.base.rpartition(":")[2]
        for line in ("serving models/bot.tar.gz", f"http://localhost:{port}/chat", ".tertulia"):
            assert line in server.log
        assert "Only this machine can reach it." in server.log
        assert server.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_after_the_last_turn(bot: Path, number: int) -> None:
    with serving(folder=bot) as server:
        server.say("hello")
        assert server.stop(number) == 0
        assert "Traceback" not in server.log


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_a_conversation_goes_on_after_a_restart(bot: Path, end: int) -> None:
    with serving("--enable-api", folder=bot) as server:
        server.say("hello")
        server.say("I am sad")
        server.stop(end)
    with serving("--enable-api", folder=bot) as server:
        assert texts(server) == ["hello", "I am sad"]
        assert server.say("no") == [
            "Then let us sit quietly for a while. I am here if you need me."
        ]
        server.stop()


def test_every_answered_message_is_stored_when_the_process_is_killed(bot: Path) -> None:
    answered: dict[str, list[str]] = {f"c{number}": [] for number in range(4)}

    def talk(server: Server, sender: str) -> None:
        for number in range(200):
            text = f"hello {number}"
            try:
                server.say(text, sender)
            except ServerUnreachable:
                return
            answered[sender].append(text)

    with serving("--enable-api", folder=bot) as server:
        talkers = [threading.Thread(target=talk, args=(server, sender)) for sender in answered]
        for talker in talkers:
            talker.start()
        while sum(map(len, answered.values())) < 20:
            threading.Event().wait(0.01)
        server.stop(signal.SIGKILL)
        for talker in talkers:
            talker.join()
    with serving("--enable-api", folder=bot) as server:
        for sender, said in answered.items():
            assert texts(server, sender)[: len(said)] == said
        server.stop()


def test_the_conversations_are_those_of_the_project_wherever_it_is_served_from(
    bot: Path, tmp_path: Path
) -> None:
    with serving("--enable-api", folder=bot) as server:
        server.say("hello")
        server.stop()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with serving("--enable-api", bot / "models", folder=elsewhere) as server:
        assert texts(server) == ["hello"]
        server.stop()
    assert not (elsewhere / ".tertulia").exists()


def test_a_conversation_in_memory_ends_with_the_server(bot: Path) -> None:
    with serving("--store", "memory", folder=bot) as server:
        server.say("hello")
        server.stop()
    assert not (bot / ".tertulia").exists()


def test_without_the_api_only_channels_and_the_chat_page_answer(bot: Path) -> None:
    with serving(folder=bot) as server:
        assert server.say("hello")
        assert server.ask("/chat")[0] == 200
        assert server.ask("/conversations/me/tracker")[0] == 404
        server.stop()


def test_the_api_starts_without_a_model(tmp_path: Path) -> None:
    with serving("--enable-api", folder=tmp_path) as server:
        assert server.client.version().version
        with pytest.raises(ServerRefused) as caught:
            server.client.status()
        assert caught.value.status == 409
        server.stop()


@pytest.mark.parametrize("args", [[], ["-m", "nowhere.tar.gz", "--enable-api"]])
def test_without_a_model_there_is_nothing_to_serve(tmp_path: Path, args: list[str]) -> None:
    done = run("run", *args, folder=tmp_path)
    assert done.status == 1
    assert "T402: there is no model" in done.err


def test_a_token_guards_the_api_and_is_written_nowhere(bot: Path) -> None:
    args = ("--enable-api", "--auth-token", TOKEN, "--log-file", "bot.log", "-vv")
    with serving(*args, "-i", "127.0.0.1", folder=bot) as server:
        assert server.say("hello")
        assert server.ask("/conversations/me/tracker")[0] == 401
        assert server.ask(f"/conversations/me/tracker?token={TOKEN}")[0] == 200
        server.stop()
        assert TOKEN not in server.log
        assert "GET /conversations/me/tracker" in server.log
    assert TOKEN not in (bot / "bot.log").read_text()


def test_a_token_may_come_from_the_environment(bot: Path) -> None:
    env = {"TERTULIA_AUTH_TOKEN": TOKEN}
    with serving("--enable-api", "-i", "127.0.0.1", folder=bot, env=env) as server:
        assert server.ask("/status")[0] == 401
        assert server.ask(f"/status?token={TOKEN}")[0] == 200
        server.stop()


def test_an_open_api_is_not_offered_to_others_by_mistake(bot: Path) -> None:
    done = run("run", "--enable-api", "-i", "192.0.2.1", folder=bot)
    assert done.status == 1
    assert "T151: on the interface 192.0.2.1 everybody in reach" in done.err


def test_the_log_file_is_appended_to(bot: Path) -> None:
    (bot / "bot.log").write_text("from before\n")
    with serving("--log-file", "bot.log", folder=bot) as server:
        server.say("hello, this text is nobody's business")
        server.stop()
    log = (bot / "bot.log").read_text()
    assert log.startswith("from before\n")
    assert "POST /webhooks/rest/webhook" in log
    assert "nobody's business" not in log


def test_other_sites_may_call_only_when_allowed(bot: Path) -> None:
    sites = ("https://a.example", "https://b.example")
    with serving("--cors", *sites, bot / "models", folder=bot) as server:
        assert server.allowed_origin("https://a.example") == "https://a.example"
        assert server.allowed_origin("https://b.example") == "https://b.example"
        assert server.allowed_origin("https://c.example") is None
        server.stop()


def test_a_channel_that_is_not_there_stops_the_start(bot: Path) -> None:
    (bot / "credentials.yml").write_text("rest:\nslack:\n  slack_token: x\n")
    done = run("run", folder=bot)
    assert done.status == 1
    assert "credentials.yml:2:1: T152: the channel 'slack'" in done.err
    with serving("--connector", "rest", folder=bot) as server:
        assert server.say("hello")
        server.stop()


def test_a_port_that_is_taken_is_named(bot: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("run", "-p", str(port), folder=bot)
    assert done.status == 1
    assert f"the address 127.0.0.1:{port} is taken" in done.err
    assert "Traceback" not in done.err


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for localhost that lasts a day, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    password = serialization.BestAvailableEncryption(b"of-the-key")
    form = serialization.PrivateFormat.PKCS8
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, password))
    return folder / "cert.pem", folder / "key.pem"


def test_a_certificate_makes_it_https(bot: Path) -> None:
    certificate, key = make_certificate(bot)
    args = ("--ssl-certificate", certificate, "--ssl-keyfile", key)
    env = {"TERTULIA_SSL_PASSWORD": "of-the-key"}
    with serving(*args, folder=bot, env=env) as server:
        assert server.base.startswith("https://")
        port = int(server.base.rpartition(":")[2])
        trusting = ssl.create_default_context(cafile=certificate)
        with closing(HTTPSConnection("localhost", port, context=trusting)) as connection:
            connection.request("GET", "/chat")
            assert connection.getresponse().status == 200
        server.stop()


def test_workers_serve_https_together(bot: Path) -> None:
    certificate, key = make_certificate(bot)
    args = ("--ssl-certificate", certificate, "--ssl-keyfile", key, "--log-format", "json")
    env = {"TERTULIA_SSL_PASSWORD": "of-the-key"}
    with serving("--workers", "2", *args, folder=bot, env=env) as server:
        port = server.base.rpartition(":")[2]
        trusting = ssl.create_default_context(cafile=certificate)
        with connected(f"https://localhost:{port}", verify=trusting) as client:
            me = client.conversation("me")
            for _ in range(600):
                assert me.say("hello")
                lines = [json.loads(line) for line in server.log.splitlines() if line[0] == "{"]
                turns = [line for line in lines if line["logger"] == "tertulia.turn"]
                if {line["worker"] for line in turns} == {"0", "1"}:
                    break
            else:
                raise AssertionError("one worker served everything")
        assert server.stop() == 0


def test_messages_are_in_the_log_only_where_somebody_asked_for_them(bot: Path) -> None:
    said = "hello from somebody who wants to stay unknown"
    with serving("-vv", folder=bot) as server:
        (heard,) = server.say(said)
        server.stop()
        assert said not in server.log
        assert heard not in server.log
    with serving("--log-messages", "--log-level", "ERROR", folder=bot) as server:
        server.say(said)
        server.stop()
        assert "T890 what people say" in server.log
        assert f"user: {said} conversation=me" in server.log
        assert f"bot: {heard} conversation=me" in server.log


def test_a_wrong_password_of_the_key_is_said(bot: Path) -> None:
    certificate, key = make_certificate(bot)
    args = ("--ssl-certificate", certificate, "--ssl-keyfile", key, "--ssl-password", "wrong")
    done = run("run", *args, folder=bot)
    assert done.status == 1
    assert "the certificate cannot be used" in done.err
    assert "Traceback" not in done.err


def test_a_certificate_needs_its_key(bot: Path) -> None:
    done = run("run", "--ssl-certificate", "cert.pem", folder=bot)
    assert done.status == 1
    assert "T103: HTTPS needs both" in done.err


def test_the_legacy_profile_answers_like_the_old_server(bot: Path) -> None:
    with serving("--enable-api", "--profile", "legacy", folder=bot) as server:
        assert "model_fingerprint" in server.ask("/status")[1]
        assert server.ask("/")[1].startswith("hello from Rasa Core")
        server.stop()


def test_the_demo_trains_once_and_then_starts_at_once(tmp_path: Path) -> None:
    demo = (*TERTULIA, "demo")
    with serving(folder=tmp_path, command=demo) as server:
        assert server.say("hello")
        assert "Wrote a bot into the folder tertulia-demo" in server.log
        assert "The model is tertulia-demo/models/" in server.log
        server.stop()
    with serving(folder=tmp_path, command=demo) as server:
        assert "Nothing changed" in server.log
        assert texts(server) == ["hello"]
        server.stop()


def test_the_demo_of_a_folder_without_a_bot_is_refused(tmp_path: Path) -> None:
    done = run("demo", "--bot", tmp_path, folder=tmp_path)
    assert done.status == 1
    assert "T156: there is no bot in" in done.err
