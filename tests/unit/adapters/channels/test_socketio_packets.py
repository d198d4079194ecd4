"""Packets of both versions, as text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tertulia.adapters.channels.socketio import packets
from tertulia.adapters.channels.socketio.packets import Malformed, Packet, Version

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x1e"), min_size=1)


@given(st.lists(texts, min_size=1), st.sampled_from([3, 4]))
def test_what_is_joined_can_be_split(given_packets: list[str], version: Version) -> None:
    assert packets.split(packets.join(given_packets, version), version) == given_packets


def test_lengths_of_version_3_are_counted_as_javascript_does() -> None:
    assert packets.join(["4😀é"], 3) == "4:4😀é"
    assert packets.split("4:4😀é1:2", 3) == ["4😀é", "2"]


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize("body", ["\x1e", "4\x1e", "\x1e" * 2000])
def test_bodies_without_packets_are_malformed(body: str, version: Version) -> None:
    with pytest.raises(Malformed):
        packets.split(body, version)


@pytest.mark.parametrize(
    "body", ["4", "x:4", ":4", "-1:4", "9:4", "1:😀", "²:44", "99999999999:4", "0:", "2:4😀"]
)
def test_lengths_that_do_not_fit_are_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        packets.split(body, 3)


@pytest.mark.parametrize("body", ["4\x1e" * 1001 + "4", "\x1e".join("4" * 1001)])
def test_too_many_packets_are_malformed(body: str) -> None:
    with pytest.raises(Malformed):
        packets.split(body, 4)
    with pytest.raises(Malformed):
        packets.split("1:4" * 1001, 3)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0", Packet(kind="0")),
        ('0{"token":"x"}', Packet(kind="0", data='{"token":"x"}')),
        ("0/a,", Packet(kind="0", namespace="/a")),
        ("0/a?token=x", Packet(kind="0", namespace="/a", query="token=x")),
        ("0/a?token=x,", Packet(kind="0", namespace="/a", query="token=x")),
        ('2["e",{}]', Packet(kind="2", data='["e",{}]')),
        ('2/a,17["e",{}]', Packet(kind="2", namespace="/a", number=17, data='["e",{}]')),
        ("31[]", Packet(kind="3", number=1, data="[]")),
    ],
)
def test_a_packet_is_read(text: str, found: Packet) -> None:
    assert packets.read(text) == found


@pytest.mark.parametrize("text", ["", "5", '51-["e",{}]', "6", "x", "9", "2" + "1" * 16 + "[]"])
def test_what_is_no_packet_of_socketio_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        packets.read(text)


@given(st.text())
def test_any_text_is_read_or_malformed(text: str) -> None:
    try:
        found = packets.read(text)
    except Malformed:
        return
    assert found.kind in "01234"


def test_packets_are_written_with_their_namespace() -> None:
    assert packets.write(packets.EVENT, "/", ["e", {"a": "é"}]) == '42["e",{"a":"é"}]'
    assert packets.write(packets.ACK, "/a", [], 5) == "43/a,5[]"
    assert packets.write(packets.CONNECT, "/a") == "40/a,"
