import pytest

from tertulia.core.regex_message import NotAShortcut, RegexMessage, read_legacy, read_modern


def modern(text: str, **known: set[str]) -> RegexMessage:
    read = read_modern(text, **known)
    assert isinstance(read, RegexMessage)
    return read


def test_legacy_message_gives_one_entity_per_value_in_order():
    read = read_legacy('/book{"city": "Rome", "tag": ["a", "b"]}')
    assert read.intent == "book"
    assert read.confidence == 1.0
    assert [(e["entity"], e["value"]) for e in read.entities] == [
        ("city", "Rome"),
        ("tag", "a"),
        ("tag", "b"),
    ]
    assert {(e["start"], e["end"]) for e in read.entities} == {(5, 40)}
    assert all("extractor" not in e for e in read.entities)


def test_legacy_slash_is_optional_and_put_back():
    assert read_legacy("greet").intent == "greet"
    assert read_legacy("greet").text == "/greet"


@pytest.mark.parametrize(
    ("text", "confidence", "is_odd"),
    [("/a@0.9", 0.9, False), ("/a", 1.0, False), ("/a@3", 3.0, False), ("/a@1.2.3", 0.0, True)],
)
def test_legacy_confidence_is_read_and_not_capped(text: str, confidence: float, is_odd: bool):
    read = read_legacy(text)
    assert read.confidence == confidence
    assert bool(read.notes) == is_odd


@pytest.mark.parametrize("text", ["/a[1]{x", '/a{"x": 1} tail', '/a{"x"', "/a{[1]}", "/a{'x': 1}"])
def test_legacy_entities_that_are_no_json_object_are_noted_and_ignored(text: str):
    read = read_legacy(text)
    assert read.entities == ()
    assert read.notes


def test_legacy_slash_alone_is_the_intent_slash():
    assert read_legacy("/").intent == "/"
    read = read_legacy('/{"a": 1}')
    assert (read.intent, read.entities[0]["value"]) == ("/", 1)


def test_legacy_empty_text_states_nothing():
    read = read_legacy("")
    assert (read.intent, read.confidence, read.entities) == (None, 0.0, ())
    assert read.notes


def test_words_after_the_intent_belong_to_its_name():
    assert read_legacy("/greet hello").intent == "greet hello"
    assert modern("/greet hello").intent == "greet hello"


def test_modern_ordinary_text_is_left_alone():
    assert read_modern("hello") == NotAShortcut()


@pytest.mark.parametrize("text", ["/", "/{}", "/@1", '/ {"a": 1}'])
def test_modern_slash_without_intent_is_ordinary_text_with_a_note(text: str):
    read = read_modern(text)
    assert isinstance(read, NotAShortcut)
    assert read.notes


def test_modern_unknown_intent_is_ordinary_text():
    read = read_modern("/nope", intents={"greet"})
    assert isinstance(read, NotAShortcut)
    assert read.notes


def test_modern_entities_carry_the_extractor():
    read = modern('  /book{"city": "Rome"}  ')
    assert read.text == '/book{"city": "Rome"}'
    assert read.entities == (
        {
            "entity": "city",
            "start": 5,
            "end": 21,
            "value": "Rome",
            "extractor": "RegexMessageHandler",
        },
    )


def test_modern_confidence_is_capped_with_a_note():
    read = modern("/a@7")
    assert read.confidence == 1.0
    assert read.notes


def test_modern_unknown_entities_are_dropped_with_a_note():
    read = modern('/a{"x": 1, "y": 2}', entities={"y"})
    assert [e["entity"] for e in read.entities] == ["y"]
    assert read.notes


def test_modern_text_after_the_entities_is_ignored_with_a_note():
    read = modern('/a{"x": 1} tail')
    assert len(read.entities) == 1
    assert read.notes


def test_understanding_ranks_the_one_intent():
    result = modern("/a@0.5").understanding().as_dict()
    assert result["intent"] == {"name": "a", "confidence": 0.5}
    assert result["intent_ranking"] == [{"name": "a", "confidence": 0.5}]


@pytest.mark.parametrize("text", ['/a{"x": "\ud800"}', "/a" + '{"a":' * 100_000 + "}"])
def test_hostile_entities_are_noted_and_never_a_crash(text: str):
    assert read_legacy(text).entities == ()
    assert modern(text).entities == ()
