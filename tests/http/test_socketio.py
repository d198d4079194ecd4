"""The Socket.IO channel, on the real server: sessions, messages, and what the bot says unasked."""

import asyncio
import json
import logging
import re
from typing import Any

import pytest
import socketio
from tests.http.bot import build_service
from tests.http.conftest import Profile, connect, settings_of
from tests.http.socket_server import (
    Heard,
    Transport,
    connected,
    listening,
    raw,
    received,
    requests,
)
from websockets.exceptions import InvalidStatus

from tertulia.base.errors import ConfigError, MissingExtra
from tertulia.base.secret import Secret
from tertulia.core.domain.model import Generation
from tertulia.schema.access import Limits
from tertulia.schema.channels import SOCKETIO, SocketioChannel
from tertulia.server.app import create_app
from tertulia.server.sockets import opened

HELLO = {
    "text": "Hello!",
    "quick_replies": [{"content_type": "text", "title": "good", "payload": "/good"}],
}
FOX = {"attachment": {"type": "image", "payload": {"src": "https://example.org/fox.jpg"}}}
PASSING = SocketioChannel()


@pytest.fixture(params=["polling", "websocket"])
def transport(request: pytest.FixtureRequest) -> Transport:
    return request.param


async def test_a_session_is_confirmed_and_its_messages_are_answered(
    profile: Profile, transport: Transport
) -> None:
    async with listening(profile) as server, connected(server, transport) as me:
        assert await me.session({"session_id": "u"}) == "u"
        await me.say("/hello", "u")
        assert await me.bot() == HELLO
        await me.say("/bad", "u")
        assert [await me.bot(), await me.bot()] == [{"text": "Look:"}, FOX]
        user = next(e for e in await server.events("u") if e["event"] == "user")
        assert user["input_channel"] == "socketio"


@pytest.mark.parametrize("data", [None, {}, {"session_id": None}, {"session_id": ""}])
async def test_a_session_without_a_name_gets_one(data: Any) -> None:
    async with listening() as server, connected(server) as me:
        assert re.fullmatch("[0-9a-f]{32}", await me.session(data))


async def test_a_session_is_heard_again_after_a_new_connection(profile: Profile) -> None:
    async with listening(profile) as server:
        async with connected(server) as me:
            await me.session({"session_id": "u"})
            await me.say("/hello", "u")
            assert await me.bot() == HELLO
        async with connected(server, "polling") as me:
            await me.session({"session_id": "u"})
            await me.say("/bye", "u")
            assert await me.bot() == {"text": "Bye."}
        assert await server.said("u") == ["/hello", "/bye"]


async def test_without_persistence_each_connection_is_a_conversation(
    profile: Profile, transport: Transport
) -> None:
    async with listening(profile, PASSING) as server, connected(server, transport) as me:
        await me.session({"session_id": "u"})
        await me.say("/hello", "u")
        assert await me.bot() == HELLO
        own = me.client.get_sid()
        assert own is not None
        assert await server.said(own) == ["/hello"]
        assert await server.said("u") == [] if profile == "legacy" else True


@pytest.mark.parametrize("session", [None, "somebody-else"])
async def test_who_asked_for_no_session_hears_nothing_of_it(session: str | None) -> None:
    async with listening() as server, connected(server) as me:
        await me.say("/hello", session)
        await me.nothing_more()


async def test_a_client_of_0x_hears_what_it_asked_for_in_any_session() -> None:
    async with listening("legacy") as server, connected(server) as me:
        await me.say("/hello", "never-requested")
        assert await me.bot() == HELLO


async def test_two_clients_of_a_session_both_hear_it() -> None:
    async with listening() as server, connected(server) as me, connected(server) as other:
        for each in (me, other):
            await each.session({"session_id": "u"})
        await me.say("/bye", "u")
        assert await me.bot() == await other.bot() == {"text": "Bye."}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"session_id": "u"}, "T817"),
        ({"session_id": "u", "message": 5}, "T817"),
        ({"message": "/hello"}, "T885"),
        ({"message": "/hello", "session_id": ["u"]}, "T885"),
        ({"message": "/hello", "session_id": "u", "metadata": [1]}, "T885"),
        ({"message": "/hello", "session_id": "u", "metadata": "{"}, "T801"),
        ({"message": "/hello", "session_id": "u", "idempotency_key": 1}, "T885"),
        ({"message": "/hello", "session_id": "u", "idempotency_key": "two words"}, "T885"),
        ({"message": "/hello", "session_id": "u", "idempotency_key": "k" * 256}, "T885"),
        ({"message": "/hello", "session_id": "u" * 2000}, "T850"),
        ("text", "T885"),
        ([], "T885"),
    ],
)
async def test_what_is_no_message_is_refused_and_the_connection_lives(
    data: Any, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening() as server, connected(server) as me:
        answer = await me.call(data)
        assert answer["error_code"] == code
        await me.session({"session_id": "u"})
        await me.say("/bye", "u")
        assert await me.bot() == {"text": "Bye."}
    assert f"{code} a message came in over 'socketio' and was not taken" in caplog.text


async def test_an_acknowledgement_comes_after_the_turn() -> None:
    async with listening() as server, connected(server) as me:
        await me.session({"session_id": "u"})
        assert await me.call({"message": "/bye", "session_id": "u"}) is None
        assert await me.bot() == {"text": "Bye."}


@pytest.mark.parametrize("metadata", [{"a": 1}, '{"a": 1}'])
async def test_metadata_is_kept_as_an_object_or_its_text(metadata: Any) -> None:
    channel = SocketioChannel(session_persistence=True, metadata_key="customData")
    async with listening("modern", channel) as server, connected(server) as me:
        await me.call({"message": "/bye", "session_id": "u", "customData": metadata})
        user = next(e for e in await server.events("u") if e["event"] == "user")
    assert user["metadata"]["a"] == 1


async def test_messages_of_a_conversation_keep_their_order(transport: Transport) -> None:
    async with listening(queue=30) as server, connected(server, transport) as me:
        await me.session({"session_id": "u"})
        server.actions.hold.clear()
        texts = ["/remote", *(f"/bye{n}" for n in range(20))]
        for text in texts:
            await me.say(text, "u")
        await asyncio.wait_for(server.actions.called.wait(), 20)
        server.actions.hold.set()
        assert await me.call({"message": "/bye", "session_id": "u"}) is None
        assert await server.said("u") == [*texts, "/bye"]


async def test_the_same_key_takes_no_second_turn_and_is_answered_again() -> None:
    async with listening() as server, connected(server) as me:
        await me.session({"session_id": "u"})
        for _ in range(2):
            await me.say("/bye", "u", idempotency_key="k")
            assert await me.bot() == {"text": "Bye."}
        assert await server.said("u") == ["/bye"]
        again = {"message": "/hello", "session_id": "u", "idempotency_key": "k"}
        assert (await me.call(again))["error_code"] == "T841"


async def test_a_full_queue_refuses_a_message() -> None:
    async with listening() as server, connected(server) as me:
        server.actions.hold.clear()
        for text in ("/remote", "/bye"):
            await me.say(text, "u")
        answer = await me.call({"message": "/hello", "session_id": "u"})
        assert answer["error_code"] == "T608"


async def test_without_a_model_a_message_is_not_taken() -> None:
    async with listening(with_model=False) as server, connected(server) as me:
        answer = await me.call({"message": "/hello", "session_id": "u"})
        assert answer["error_code"] == "T410"


async def test_what_happens_outside_is_said_in_the_session(profile: Profile) -> None:
    async with listening(profile) as server, connected(server) as me:
        await me.session({"session_id": "u"})
        await me.say("/hello", "u")
        assert await me.bot() == HELLO
        async with requests(server) as client:
            path = "/conversations/u/trigger_intent?output_channel=latest"
            await client.http.post(path, json={"name": "bye"})
            assert await me.bot() == {"text": "Bye."}
            path = "/conversations/u/execute?output_channel=socketio"
            await client.http.post(path, json={"name": "utter_bad"})
        assert [await me.bot(), await me.bot()] == [{"text": "Look:"}, FOX]


async def test_a_reminder_is_said_in_the_session(profile: Profile) -> None:
    async with listening(profile) as server, connected(server) as me:
        await me.session({"session_id": "u"})
        await me.say("/hello", "u")
        assert await me.bot() == HELLO
        reminder = {"event": "reminder", "name": "r", "date_time": "2001-01-01T00:00:00+00:00"}
        due = reminder | ({"action": "utter_bye"} if profile == "legacy" else {"intent": "bye"})
        async with requests(server) as client:
            path = "/conversations/u/tracker/events?execute_side_effects=true"
            answer = await client.http.post(path, json=due)
            assert answer.status_code == 200, answer.text
        assert await me.bot() == {"text": "Bye."}


@pytest.mark.parametrize("namespace", ["/talk", "talk"])
async def test_a_namespace_of_ones_own(namespace: str) -> None:
    channel = SocketioChannel(namespace=namespace, session_persistence=True)
    async with listening("modern", channel) as server:
        async with connected(server, namespace="/talk") as me:
            await me.session({"session_id": "u"})
            await me.say("/bye", "u")
            assert await me.bot() == {"text": "Bye."}
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(server):
                pass


async def test_events_and_path_of_ones_own() -> None:
    channel = SocketioChannel(
        user_message_evt="ask", bot_message_evt="tell", socketio_path="live/bot/"
    )
    async with listening("modern", channel) as server:
        async with connected(server, socketio_path="live/bot") as me:
            await me.client.emit("ask", {"message": "/bye"})
            assert await me.next() == ("tell", {"text": "Bye."})
        async with requests(server) as client:
            assert (await client.poll()).status_code == 404


@pytest.mark.parametrize("path", ["/webhooks/socketio", "/webhooks/socketio/"])
async def test_it_is_there_where_it_was_asked_for(profile: Profile, path: str) -> None:
    async with connect(profile, channels={SOCKETIO: PASSING}) as client:
        assert (await client.get(path)).json() == {"status": "ok"}
    async with connect(profile) as client:
        assert (await client.get(path)).status_code == 404
        assert (await client.get("/socket.io/?EIO=4&transport=polling")).status_code == 404


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        (SocketioChannel(socketio_path="/webhooks/rest/webhook"), "T899"),
        (SocketioChannel(socketio_path="chat"), "T899"),
        (SocketioChannel(jwt_key=Secret("k" * 32), jwt_method="none"), "T192"),
        (SocketioChannel(jwt_key=Secret(""), jwt_method="HS256"), "T193"),
        (SocketioChannel(jwt_key=Secret("no PEM"), jwt_method="RS256"), "T193"),
    ],
)
def test_a_channel_that_cannot_be_opened_stops_the_start(
    channel: SocketioChannel, code: str
) -> None:
    settings = settings_of("modern", channels={SOCKETIO: channel})
    with pytest.raises(ConfigError) as caught:
        create_app(build_service(Generation.MODERN), settings)
    assert caught.value.code == code


def test_without_its_package_the_channel_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opened, "find_spec", lambda name: None)
    settings = settings_of("modern", channels={SOCKETIO: PASSING})
    with pytest.raises(MissingExtra, match="websockets") as caught:
        create_app(build_service(Generation.MODERN), settings)
    assert caught.value.hint == 'Install it: pip install "tertulia[socketio]".'


async def test_a_client_of_version_2_is_served_over_requests() -> None:
    async with listening() as server, requests(server, 3) as client:
        opened = (await client.poll()).text
        client.sid = json.loads(opened[opened.index("{") :])["sid"]
        assert opened.startswith(f"{len(opened) - opened.index(':') - 1}:0")
        assert (await client.poll()).text == "2:40"
        said = '42["user_uttered",{"message":"/bye","session_id":"ü😀"}]'
        ask = '42["session_request",{"session_id":"ü😀"}]'
        body = "".join(f"{len(each.encode('utf-16-le')) // 2}:{each}" for each in (ask, said))
        assert (await client.push(body)).text == "ok"
        heard = ""
        while "bot_uttered" not in heard:
            heard += (await client.poll()).text
        assert heard.startswith('27:42["session_confirm","ü😀"]')
        assert heard.endswith('42["bot_uttered",{"text":"Bye."}]')
        assert (await client.push("2:2x")).status_code == 200
        assert (await client.poll()).text == "2:3x"


async def test_a_client_of_version_2_is_served_over_a_websocket() -> None:
    async with listening() as server, raw(server, "EIO=3&transport=websocket") as client:
        assert json.loads((await received(client))[1:])["upgrades"] == []
        assert await received(client) == "40"
        await client.send('42["session_request",{"session_id":"u"}]')
        assert await received(client) == '42["session_confirm","u"]'
        await client.send('42["user_uttered",{"message":"/bye","session_id":"u"}]')
        assert await received(client) == '42["bot_uttered",{"text":"Bye."}]'
        await client.send("2")
        assert await received(client) == "3"


async def test_a_client_of_version_2_enters_a_namespace_with_the_token_of_its_query() -> None:
    channel = SocketioChannel(namespace="/talk", jwt_key=Secret("k" * 32))
    async with (
        listening("modern", channel) as server,
        raw(server, "EIO=3&transport=websocket") as client,
    ):
        await received(client)
        assert await received(client) == "40"
        await client.send("40/other,")
        assert await received(client) == '44/other,"Unable to connect"'
        await client.send(f"40/talk?token={signed('k' * 32)}")
        assert await received(client) == "40/talk,"
        await client.send('42/talk,["user_uttered",{"message":"/bye"}]')
        assert await received(client) == '42/talk,["bot_uttered",{"text":"Bye."}]'


async def test_requests_become_a_websocket_without_losing_anything() -> None:
    async with listening() as server, requests(server) as client:
        client.sid = json.loads((await client.poll()).text[1:])["sid"]
        await client.push('40\x1e42["session_request",{"session_id":"u"}]')
        waiting = asyncio.create_task(poll_until_noop(client))
        query = f"EIO=4&transport=websocket&sid={client.sid}"
        async with raw(server, query) as socket:
            await socket.send("2probe")
            assert await received(socket) == "3probe"
            assert '42["session_confirm","u"]' in await asyncio.wait_for(waiting, 20)
            await client.push('42["user_uttered",{"message":"/bye","session_id":"u"}]')
            await socket.send("5")
            assert await received(socket) == '42["bot_uttered",{"text":"Bye."}]'
            assert (await client.poll()).status_code == 400


async def poll_until_noop(client: Any) -> str:
    heard = ""
    while not heard.endswith("6"):
        heard += (await client.poll()).text
    return heard


async def test_a_websocket_that_is_not_what_it_says_leaves_the_requests_alone() -> None:
    async with listening() as server, requests(server) as client:
        client.sid = json.loads((await client.poll()).text[1:])["sid"]
        async with raw(server, f"EIO=4&transport=websocket&sid={client.sid}") as socket:
            await socket.send("nonsense")
            await asyncio.wait_for(socket.wait_closed(), 20)
        await client.push("40")
        assert (await client.poll()).text.startswith('40{"sid":')


def signed(key: str, **claims: Any) -> str:
    import jwt

    return jwt.encode({"a": 1, **claims}, key, "HS256")


@pytest.mark.parametrize("prefix", ["", "Bearer ", "bearer "])
async def test_a_signed_token_opens_the_channel(prefix: str) -> None:
    channel = SocketioChannel(jwt_key=Secret("k" * 32))
    token = {"token": prefix + signed("k" * 32)}
    async with listening("modern", channel) as server, connected(server, auth=token) as me:
        await me.say("/bye")
        assert await me.bot() == {"text": "Bye."}


@pytest.mark.parametrize(
    "auth",
    [
        None,
        {},
        {"token": None},
        {"token": ""},
        {"token": "x.y.z"},
        {"token": signed("another" * 8)},
        {"token": signed("k" * 32, exp=1)},
        {"token": "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJhIjoxfQ."},
    ],
)
async def test_without_a_good_token_nobody_comes_in(auth: Any) -> None:
    channel = SocketioChannel(jwt_key=Secret("k" * 32))
    async with listening("modern", channel) as server:
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(server, auth=auth):
                pass


async def test_a_protected_channel_asks_for_the_credentials_of_the_server() -> None:
    token = "x" * 20
    async with listening(auth_token=Secret(token), protect_channels=True) as server:
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with connected(server):
                pass
        for options in (
            {"auth": {"token": token}},
            {"headers": {"Authorization": f"Bearer {token}"}},
        ):
            async with connected(server, **options) as me:
                assert await me.session({"session_id": "u"}) == "u"


async def test_credentials_of_one_user_reach_no_other_session() -> None:
    key = "s" * 32
    token = signed(key, user={"username": "bob", "role": "user"})
    async with (
        listening(jwt_secret=Secret(key), protect_channels=True) as server,
        connected(server, auth={"token": token}) as me,
    ):
        assert await me.session({}) == "bob"
        assert (await me.call({"session_id": "eve"}, "session_request"))["error_code"] == "T808"
        other = {"message": "/bye", "session_id": "eve"}
        assert (await me.call(other))["error_code"] == "T808"
        await me.say("/bye", "bob")
        assert await me.bot() == {"text": "Bye."}


@pytest.mark.parametrize(
    ("origin", "cors", "is_let_in"),
    [
        (None, (), True),
        ("https://shop.example", (), False),
        ("https://shop.example", ("https://shop.example",), True),
        ("https://shop.example", ("https://other.example",), False),
        ("https://shop.example", ("*",), True),
        ("https://a.shop.example", (r"https://.*\.shop\.example",), True),
        ("null", (), False),
        ("http://[", (), False),
    ],
)
async def test_pages_of_other_origins_connect_where_they_are_allowed(
    origin: str | None, cors: tuple[str, ...], is_let_in: bool
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    async with listening(cors_origins=cors) as server:
        async with requests(server) as client:
            answer = await client.poll(headers=headers)
            assert (answer.status_code == 200) == is_let_in
            if not is_let_in:
                assert answer.json()["error_code"] == "T898"
        assert await opens(server, headers) == is_let_in


async def test_pages_of_the_server_itself_connect() -> None:
    async with listening() as server:
        assert await opens(server, {"Origin": server.base})


async def opens(server: Any, headers: dict[str, str]) -> bool:
    try:
        async with raw(server, additional_headers=headers) as socket:
            return (await received(socket)).startswith("0{")
    except InvalidStatus:
        return False


async def test_figures_count_clients() -> None:
    async with listening() as server:
        async with connected(server):
            assert "tertulia_socketio_clients 1.0" in await figures(server)
        async with requests(server) as client:
            while "tertulia_socketio_clients 0.0" not in await figures(server):
                await client.poll()


async def figures(server: Any) -> str:
    async with requests(server) as client:
        return (await client.http.get("/metrics")).text


async def test_nothing_that_is_said_is_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    for name in ("websockets.client", "httpx2", "httpcore2"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    token = "top-secret-token"
    channel = SocketioChannel(session_persistence=True)
    async with listening("modern", channel) as server:
        query = f"EIO=4&transport=websocket&token={token}"
        async with raw(server, query) as socket:
            await received(socket)
            await socket.send(f'40{{"token":"{token}"}}')
            await received(socket)
            await socket.send('42["user_uttered",{"message":"my-private-words"}]')
            await socket.send('421["user_uttered",{"message":"my-private-words","session_id":"u"}]')
            assert await received(socket) == "431[]"
            await socket.send('42["user_uttered",{"message":"my-private-words')
            await socket.send('422["session_request"]')
            await received(socket)
    assert "T885" in caplog.text
    assert token not in caplog.text
    assert "my-private-words" not in caplog.text


async def test_turns_under_way_are_answered_before_the_server_leaves(
    transport: Transport,
) -> None:
    async with listening() as server, connected(server, transport) as me:
        await me.session({"session_id": "u"})
        server.actions.hold.clear()
        await me.say("/remote", "u")
        await asyncio.wait_for(server.actions.called.wait(), 20)
        server.stop()
        answer = await refused(me)
        assert answer["error_code"] == "T870"
        server.actions.hold.set()
        assert await until_bot(me) == {"text": "done"}
        assert await me.next() == ("disconnect", None)


async def refused(me: Heard) -> Any:
    """Say something elsewhere until it is not taken any more."""
    answer = None
    for _ in range(500):
        answer = answer or await me.call({"message": "/nothing", "session_id": "v"})
    return answer


async def until_bot(me: Heard) -> Any:
    name, payload = await me.next()
    assert name == "bot_uttered"
    return payload


async def test_open_connections_do_not_keep_the_server() -> None:
    loop = asyncio.get_running_loop()
    async with listening() as server, requests(server) as client, raw(server) as socket:
        client.sid = json.loads((await client.poll()).text[1:])["sid"]
        waiting = asyncio.create_task(client.poll())
        await received(socket)
        began = loop.time()
        server.stop()
        answer = await asyncio.wait_for(waiting, 20)
        assert (answer.status_code, answer.json()["error_code"]) == (503, "T870")
        await asyncio.wait_for(socket.wait_closed(), 20)
        assert socket.close_code == 1001
    assert loop.time() - began < 10


async def test_a_client_that_reads_nothing_holds_nobody_up() -> None:
    long = "x" * 400_000
    async with (
        listening() as server,
        connected(server) as me,
        raw(server, max_queue=1) as slow,
        requests(server) as http,
    ):
        await received(slow)
        await slow.send("40")
        await received(slow)
        await slow.send('42["session_request",{"session_id":"u"}]')
        await received(slow)
        await me.session({"session_id": "u"})
        path = "/conversations/u/tracker/events?include_events=NONE&execute_side_effects=true"
        for _ in range(25):
            event = {"event": "bot", "text": long}
            assert (
                await http.http.post(path + "&output_channel=socketio", json=event)
            ).status_code == 200
            assert await me.bot() == {"text": long}
        assert "tertulia_socketio_dropped_total 1.0" in await figures(server)
        assert "tertulia_socketio_clients 1.0" in await figures(server)


async def test_limits_of_requests_end_no_session_that_is_quiet(transport: Transport) -> None:
    limits = Limits(header_seconds=0.2, body_seconds=0.2)
    async with listening(limits=limits) as server, connected(server, transport) as me:
        await me.session({"session_id": "u"})
        await asyncio.sleep(1)
        async with requests(server) as http:
            path = "/conversations/u/trigger_intent?output_channel=socketio"
            await http.http.post(path, json={"name": "bye"})
        assert await me.bot() == {"text": "Bye."}
        await me.say("/bye", "u")
        assert await me.bot() == {"text": "Bye."}
