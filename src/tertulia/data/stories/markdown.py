"""Markdown stories of 0.x and 1.x: lines to stories.

Source: spec stories.md section 1.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, Literal, cast

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError, InputProblem
from tertulia.base.source import SourceSpan
from tertulia.core.events import UserUttered
from tertulia.core.regex_message import PREFIX, read_legacy
from tertulia.data.nlu.annotations import read_annotations
from tertulia.data.stories.lines import story_event
from tertulia.data.stories.model import Alternatives, Checkpoint, StepEvent, Story, StoryItem

Json = Any
Kind = Literal["train", "test"]

_COMMENT = re.compile(r"<!--.*?-->")
_VARIABLE = re.compile(r"`([^`]+)`")
_HAPPY_PATH = re.compile(r"[*-]\s+form: ")
_NAME_AND_ARGUMENTS = re.compile(r"([^{]+)(\{.+)?")
_END_TO_END = re.compile(r"\s*(.+?):\s*(.*)")
_COMMAND = re.compile(r"(?:#|>|\*\s*\S|-\s*[^\s{]+\s*(?:\{.*\})?$)")
_ACTION_LINE = re.compile(r"^[ \t]*-[ \t]*[^\s{]+[ \t]*(?:\{.*\})?[ \t]*$", re.MULTILINE)
_TITLE_LINE = re.compile(r"^[ \t]*#", re.MULTILINE)
_NLU_TITLE = re.compile(r"^\s*##+\s*(?:intent|synonym|regex|lookup)\s*:\s*\S", re.MULTILINE)
_END_TO_END_LINE = re.compile(r"^[ \t]*\*[ \t]*[^{\n]+?:[ \t]+\S", re.MULTILINE)


def looks_like_stories(text: str) -> bool:
    """Whether a Markdown text is stories and not prose, NLU data or responses."""
    bare = _COMMENT.sub("", text)
    if _NLU_TITLE.search(bare) or not _TITLE_LINE.search(bare) or not _ACTION_LINE.search(bare):
        return False
    lines = [line.strip() for line in bare.splitlines() if line.strip()]
    return sum(_COMMAND.match(line) is not None for line in lines) > len(lines) * 0.9


def looks_end_to_end(text: str) -> bool:
    """Whether the user lines of a text are `* intent: message`."""
    return _END_TO_END_LINE.search(_COMMENT.sub("", text)) is not None


def read_markdown(
    text: str,
    *,
    file: str,
    kind: Kind = "train",
    variables: Mapping[str, str] | None = None,
    diagnostics: Diagnostics,
) -> list[Story]:
    """Return the stories of a text; a line that cannot be read is noted and left out.

    kind: `test` reads user lines as `* intent: annotated message`. variables: what replaces
    names in back-quotes.
    """
    reader = _Reader(kind, variables or {}, diagnostics)
    for number, raw in enumerate(text.split("\n"), 1):
        line = _COMMENT.sub("", raw).strip()
        if line:
            at = SourceSpan(file, number, len(raw) - len(raw.lstrip()) + 1)
            try:
                reader.line(line, at)
            except InputProblem as error:
                diagnostics.error(error.code, error.message, hint=error.hint, at=error.at or at)
    return reader.finish()


class _Reader:
    """Takes one line after the other; knows only the story it is in."""

    def __init__(self, kind: Kind, variables: Mapping[str, str], diagnostics: Diagnostics) -> None:
        self._is_test = kind == "test"
        self._variables = variables
        self._diagnostics = diagnostics
        self._stories: list[Story] = []
        self._title: tuple[str, SourceSpan] | None = None
        self._items: list[StoryItem] = []

    def line(self, line: str, at: SourceSpan) -> None:
        """Read one stripped, non-empty line.

        Raises:
            DataError: the line cannot be read.
        """
        line = _VARIABLE.sub(self._variable, line)
        if line.startswith("#"):
            self._close()
            self._title = (line.strip("# \t"), at)
            if not self._title[0]:
                self._diagnostics.warning(
                    "T318", "this story has no name", hint="Write '## name'.", at=at
                )
        elif _HAPPY_PATH.match(line):
            return
        elif line[0] in ">-*":
            if self._title is None:
                raise DataError(
                    "this line stands before the first story",
                    hint="Begin the story with a line '## name'.",
                    code="T302",
                )
            self._content(line[0], line[1:].strip(), at)
        else:
            self._diagnostics.warning(
                "T305",
                "this line is no part of a story and is skipped",
                hint="Lines of a story start with '##', '*', '-' or '>'.",
                at=at,
            )

    def finish(self) -> list[Story]:
        """Return the stories read."""
        self._close()
        return self._stories

    def _close(self) -> None:
        if self._title is not None:
            name, at = self._title
            self._stories.append(
                Story(name=name, items=tuple(self._items), is_test=self._is_test, at=at)
            )
        self._items = []

    def _content(self, mark: str, rest: str, at: SourceSpan) -> None:
        if mark == "*":
            self._items.append(self._user(rest, at))
            return
        name, arguments = _split(rest)
        if mark == ">":
            self._items.append(Checkpoint(name, arguments, at))
        elif name == "topic":
            self._diagnostics.warning(
                "T309", "'topic' has no effect any more", hint="Remove the line.", at=at
            )
        else:
            self._items += [StepEvent(event, at) for event in story_event(name, arguments)]

    def _user(self, rest: str, at: SourceSpan) -> StoryItem:
        options = [StepEvent(self._message(part.strip(), at), at) for part in rest.split(" OR ")]
        if len(options) == 1:
            return options[0]
        return Alternatives(tuple((option,) for option in options), at)

    def _message(self, message: str, at: SourceSpan) -> UserUttered:
        if self._is_test:
            return _end_to_end(message)
        return _user_message(message, at, self._diagnostics)

    def _variable(self, found: re.Match[str]) -> str:
        name = found[1]
        if name not in self._variables:
            raise DataError(
                f"there is no template variable `{name}`",
                hint="Back-quotes mark a variable; leave them out to mean the text itself.",
                code="T304",
            )
        return self._variables[name]


def _split(rest: str) -> tuple[str, dict[str, Json]]:
    """Return name and arguments of `name{"key": value}`."""
    found = _NAME_AND_ARGUMENTS.match(rest)
    name = found[1].strip() if found else ""
    if found is None or not name:
        raise DataError(
            "this line has no name",
            hint='Write a name, then arguments if there are any: - slot{"city": "Rome"}.',
            code="T303",
        )
    return name, _arguments(found[2]) if found[2] else {}


def _arguments(written: str) -> dict[str, Json]:
    try:
        arguments: object = json.loads(written)
    except (ValueError, RecursionError) as error:
        hint = "JSON wants double quotes." if "'" in written else "Mind quotes and brackets."
        raise DataError("the arguments are no JSON", hint=hint, code="T303") from error
    if not isinstance(arguments, dict):
        raise DataError(
            "the arguments are no JSON object", hint='Write {"key": value}.', code="T303"
        )
    return cast(dict[str, Json], arguments)


def _user_message(message: str, at: SourceSpan, diagnostics: Diagnostics) -> UserUttered:
    read = read_legacy(message)
    if read.intent is None or not read.intent:
        raise DataError(
            "this user message states no intent",
            hint='Write the name of an intent: * book{"city": "Rome"}.',
            code="T306",
        )
    for note in read.notes:
        diagnostics.warning(
            "T306",
            f"part of this user message is not understood: {note}",
            hint='Entities are a JSON object with double quotes: * book{"city": "Rome"}.',
            at=at,
        )
    return UserUttered(
        text=message,
        parse_data={
            "intent": {"name": read.intent, "confidence": read.confidence},
            "entities": list(read.entities),
            "text": message,
        },
    )


def _end_to_end(message: str) -> UserUttered:
    found = _END_TO_END.fullmatch(message)
    if found is None:
        raise DataError(
            "this is no user message of a test story",
            hint="Write intent, colon and message: * greet: hello.",
            code="T307",
        )
    intent = found[1].strip()
    annotated = read_annotations(found[2])
    entities: list[dict[str, Json]]
    if annotated.text.startswith(PREFIX):
        entities = list(read_legacy(annotated.text).entities)
    else:
        entities = [_without_nulls(entity) for entity in annotated.entities]
    return UserUttered(
        text=annotated.text,
        parse_data={
            "intent": {"name": intent, "confidence": 1.0},
            "entities": entities,
            "text": annotated.text,
            "true_intent": intent,
            "true_entities": entities,
        },
    )


def _without_nulls(entity: msgspec.Struct) -> dict[str, Json]:
    fields = msgspec.structs.asdict(entity)
    return {name: value for name, value in fields.items() if value is not None}
