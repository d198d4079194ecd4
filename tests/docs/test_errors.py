"""The page of codes and the source agree: each code is explained once, and none is invented."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^### (T\d{3}) (.+)$", PAGE, flags=re.MULTILINE)
CODE = re.compile(r"""["'](T\d{3})\b""")


def codes_by_module() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in sorted((ROOT / "src").rglob("*.py")):
        for code in CODE.findall(path.read_text(encoding="utf-8")):
            found.setdefault(code, set()).add(path.relative_to(ROOT / "src").parts[1])
    return found


def test_every_code_of_the_source_is_explained() -> None:
    assert set(codes_by_module()) - {code for code, _ in HEADINGS} == set()


def test_every_explained_code_is_in_the_source() -> None:
    assert {code for code, _ in HEADINGS} - set(codes_by_module()) == set()


def test_no_code_is_explained_twice() -> None:
    assert [
        code for code, count in Counter(code for code, _ in HEADINGS).items() if count > 1
    ] == []


def test_no_two_codes_have_the_same_heading() -> None:
    assert [
        text for text, count in Counter(text for _, text in HEADINGS).items() if count > 1
    ] == []


def test_every_code_says_what_to_do() -> None:
    paragraphs = re.split(r"^#+ .*$", PAGE, flags=re.MULTILINE)
    explained = re.findall(r"^### T\d{3} .+\n\n(\S.+)", PAGE, flags=re.MULTILINE)
    assert len(explained) == len(HEADINGS)
    assert len(paragraphs) > len(HEADINGS)


SHARED = {
    "T139": "a value of the endpoints file, or of a variable that stands for one, is wrong",
    "T150": "the model has no policies",
    "T213": "an unknown entity in the domain",
    "T215": "a slot the domain lacks; validation turns it into an error",
    "T216": "a form the domain lacks; validation turns it into an error",
    "T220": "an unknown slot type",
    "T314": "a form the domain lacks; validation turns it into an error",
    "T410": "no model is loaded",
    "T411": "a part of the model cannot be read",
    "T601": "the store did not answer",
    "T619": "an action that the package lacks",
    "T804": "a wrong parameter",
    "T817": "a message without text",
}
"""Codes that several rooms use, and the one thing they mean in all of them."""


def test_a_code_in_several_rooms_means_one_thing() -> None:
    shared = {code for code, rooms in codes_by_module().items() if len(rooms - {"base"}) > 1}
    assert shared == set(SHARED)
