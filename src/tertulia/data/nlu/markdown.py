"""Markdown NLU data of 0.x and 1.x, and the response files of 1.x.

Source: nlu.md section 1.
"""

import re
from collections.abc import Callable, Iterator

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.data.nlu.collect import Collector
from tertulia.data.nlu.model import NluData
from tertulia.data.yaml import Entry, Key, Node

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_HEADER = re.compile(r"##+\s*(intent|synonym|regex|lookup)\s*:(.+)")
_ANY_HEADER = re.compile(r"^##+\s*(?:intent|synonym|regex|lookup)\s*:\s*\S", re.MULTILINE)
_ITEM = re.compile(r"[-*+]\s*(.+)")
_TURN = re.compile(r"^\*[ \t]*(\S.*)$", re.MULTILINE)
_TITLE = re.compile(r"^##", re.MULTILINE)
_STEP = re.compile(r"^[ \t]*-", re.MULTILINE)
_RETRIEVAL = re.compile(r"[^:\s/{]+/[^:/{]+")
_KNOWN = "Known: ## intent:, ## synonym:, ## regex:, ## lookup:."


def is_nlu(text: str) -> bool:
    """Whether a Markdown text has a header of NLU data."""
    return _ANY_HEADER.search(_without_comments(text)) is not None


def is_responses(text: str) -> bool:
    """Whether every `* ` line of a text is a retrieval intent `base/key`, and there is one."""
    turns = _TURN.findall(_without_comments(text))
    return bool(turns) and all(_RETRIEVAL.fullmatch(turn.strip()) for turn in turns)


def is_stories(text: str) -> bool:
    """Whether a text looks like stories: titles, and turns or actions, but no NLU header."""
    bare = _without_comments(text)
    has_lines = _TURN.search(bare) is not None or _STEP.search(bare) is not None
    return _TITLE.search(bare) is not None and has_lines and not is_nlu(text)


def read_markdown(text: str, *, file: str, diagnostics: Diagnostics) -> NluData:
    """Return the NLU data of a Markdown text; problems are noted."""
    collector = Collector(file, diagnostics)
    section = _Section(collector)
    for number, line in _lines(text):
        at = SourceSpan(file, number)
        if header := _HEADER.match(line):
            section.start(header[1], header[2].strip(), at)
        elif line.startswith("#"):
            section.unknown_header(line, at)
        elif item := _ITEM.fullmatch(line):
            section.item(item[1].strip(), at)
        else:
            section.other(line, at)
    section.end()
    return collector.finish()


def read_responses(text: str, *, file: str, diagnostics: Diagnostics) -> NluData:
    """Return the responses of a Markdown file: `* base/key` and one `- text` a variation."""
    collector = Collector(file, diagnostics)
    name = ""
    for number, line in _lines(text):
        at = SourceSpan(file, number)
        if line.startswith("*"):
            label = line[1:].strip()
            name = f"utter_{label}" if collector.is_label(label, at) else ""
        elif line.startswith("-") and name and (said := line[1:].strip()):
            key = Key("text", "text", at)
            node = Node({"text": Entry(key, Node(said, at, said))}, at)
            collector.responses(name, (node,))
        elif not line.startswith("#"):
            _unread(diagnostics, at)
    return collector.finish()


def _without_comments(text: str) -> str:
    """Return the text with comments blanked; lines keep their numbers."""
    return _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), text)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(_without_comments(text).split("\n"), 1):
        if stripped := line.strip():
            yield number, stripped


def _unread(diagnostics: Diagnostics, at: SourceSpan) -> None:
    diagnostics.warning(
        "T335",
        "this line belongs to no section and is not read",
        hint=f"Start examples with '- ' below a header. {_KNOWN}",
        at=at,
    )


class _Section:
    """The section that bullets belong to; a header of another name does not end it."""

    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._kind = ""
        self._name = ""
        self._at = SourceSpan(collector.file)
        self._items = 0

    def start(self, kind: str, name: str, at: SourceSpan) -> None:
        """Begin a section."""
        self.end()
        self._kind, self._name, self._at, self._items = kind, name, at, 0
        if not name:
            self._collector.diagnostics.warning(
                "T336",
                f"this {kind} has no name and is skipped",
                hint=f"Write '## {kind}:name'.",
                at=at,
            )
            self._kind = "skipped"
        elif kind == "intent" and not self._collector.is_label(name, at):
            self._kind = "skipped"

    def end(self) -> None:
        """Note it when the section stayed empty."""
        if self._kind and self._kind != "skipped" and not self._items:
            self._collector.diagnostics.warning(
                "T337",
                f"the {self._kind} '{self._name}' has no examples",
                hint="Add lines that start with '- ', or remove it.",
                at=self._at,
            )

    def unknown_header(self, line: str, at: SourceSpan) -> None:
        """Note a header that looks like a section and is none."""
        if line.startswith("##"):
            self._collector.diagnostics.warning(
                "T335",
                f"the header '{line}' is no section of NLU data; what follows still belongs "
                "to the section before",
                hint=_KNOWN,
                at=at,
            )

    def item(self, text: str, at: SourceSpan) -> None:
        """Add a bullet."""
        adders: dict[str, Callable[[], None]] = {
            "intent": lambda: self._collector.annotated(self._name, text, at),
            "synonym": lambda: self._collector.synonym(text, self._name, at),
            "regex": lambda: self._collector.regex(self._name, text, at),
            "lookup": lambda: self._collector.lookup(self._name, (text,), at),
            "skipped": lambda: None,
        }
        if add := adders.get(self._kind):
            self._items += 1
            add()
        else:
            _unread(self._collector.diagnostics, at)

    def other(self, line: str, at: SourceSpan) -> None:
        """Add the file of a lookup table, or note a line that says nothing."""
        if self._kind == "lookup":
            self._items += 1
            self._collector.lookup_file(self._name, line, at)
        else:
            _unread(self._collector.diagnostics, at)
