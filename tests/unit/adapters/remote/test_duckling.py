"""Entities of a Duckling server, through a whole pipeline and a real connection."""

import json
import logging
import socket
from typing import Any

import pytest
from tests.unit.nlu.building import names, train

from tertulia.adapters.remote.duckling import DucklingServer
from tertulia.core.domain.model import Generation
from tertulia.core.entity_server import EntityQuestion
from tertulia.nlu.pipeline import Pipeline

from .fake_duckling import FROM_NOON, TWO_DOLLARS, fake_duckling

NOW = 1767350000.5


class Clock:
    def now(self) -> float:
        return NOW


def pipeline(parameters: dict[str, Any], **setting: Any) -> Pipeline:
    text = names("DucklingEntityExtractor", DucklingEntityExtractor=parameters)
    return train(text, **setting).connected(DucklingServer(Clock()))


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_a_value_comes_with_its_text_and_everything_the_server_said():
    with fake_duckling([TWO_DOLLARS]) as server:
        found = pipeline({"url": server.url}).parse("pay $2 now").entities
    assert list(found) == [
        {
            "entity": "amount-of-money",
            "start": 4,
            "end": 6,
            "text": "$2",
            "value": 2,
            "confidence": 1.0,
            "additional_info": TWO_DOLLARS["value"],
            "extractor": "DucklingEntityExtractor",
        }
    ]


def test_an_open_interval_has_no_second_end():
    with fake_duckling([FROM_NOON]) as server:
        found = pipeline({"url": server.url}).parse("a room after noon").entities
    assert found[0]["value"] == {"to": None, "from": "2026-01-02T12:00:00.000+01:00"}


def test_the_question_carries_language_dimensions_time_zone_and_the_time_of_day():
    parameters = {"dimensions": ["time", "number"], "timezone": "Europe/Oslo"}
    with fake_duckling([]) as server:
        pipeline({"url": server.url, **parameters}).parse("at noon")
    assert server.forms == [
        {
            "text": "at noon",
            "locale": "en_EN",
            "tz": "Europe/Oslo",
            "dims": json.dumps(["time", "number"]),
            "reftime": "1767350000500",
        }
    ]


def test_dimensions_that_were_not_asked_for_are_left_out():
    with fake_duckling([TWO_DOLLARS, FROM_NOON]) as server:
        found = pipeline({"url": server.url, "dimensions": ["time"]}).parse("after noon").entities
    assert [one["entity"] for one in found] == ["time"]


def test_0x_shows_the_component_under_its_old_name():
    text = names("ner_duckling_http")
    with fake_duckling([TWO_DOLLARS]) as server:
        asked = DucklingServer(Clock(), url=server.url)
        found = train(text, generation=Generation.LEGACY).connected(asked).parse("pay $2").entities
    assert found[0]["extractor"] == "ner_duckling_http"


@pytest.mark.parametrize(
    ("answer", "status"),
    [(b"no json", 200), ({"a": 1}, 200), ([], 500), (b" " * 2**21, 200)],
)
def test_a_bad_answer_leaves_the_message_without_its_entities_and_is_logged(
    answer: object, status: int, caplog: pytest.LogCaptureFixture
):
    with fake_duckling(answer, status=status) as server, caplog.at_level(logging.ERROR):
        assert not pipeline({"url": server.url}).parse("pay $2").entities
    assert "T630" in caplog.text


@pytest.mark.parametrize("match", [{}, 3, {"dim": "time"}])
def test_what_is_no_match_is_left_out(match: object):
    with fake_duckling([match, TWO_DOLLARS]) as server:
        found = pipeline({"url": server.url}).parse("pay $2").entities
    assert [one["entity"] for one in found] == ["amount-of-money"]


def test_a_server_that_is_down_is_logged_without_the_text(caplog: pytest.LogCaptureFixture):
    url = f"http://user:secret@127.0.0.1:{unused_port()}"
    with caplog.at_level(logging.ERROR):
        assert not pipeline({"url": url}).parse("my pin is 1234").entities
    assert "T630" in caplog.text
    assert "secret" not in caplog.text
    assert "1234" not in caplog.text


def test_without_an_address_the_log_says_where_to_write_it(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        assert not pipeline({}).parse("pay $2").entities
    assert "T631" in caplog.text


def test_the_address_of_the_surroundings_goes_first():
    with fake_duckling([TWO_DOLLARS]) as server:
        asked = DucklingServer(Clock(), url=server.url)
        question = EntityQuestion(url="http://elsewhere.invalid", form={"text": "x"}, timeout=3)
        assert asked.ask(question) == [TWO_DOLLARS]


def test_a_pipeline_with_nobody_to_ask_finds_nothing():
    assert not train(names("DucklingEntityExtractor")).parse("pay $2").entities
