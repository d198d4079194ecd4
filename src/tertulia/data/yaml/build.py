"""Parse events to nodes: places, duplicate keys, aliases, merge keys, environment variables.

The only module that imports the YAML library. Events of the C parser cost a third of a full
load, and keep the place of every value.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, cast

import yaml
from yaml import events as ev

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import ConfigError
from tertulia.base.source import SourceSpan
from tertulia.data.yaml.node import Entry, Key, Node, YamlRules
from tertulia.data.yaml.scalars import resolver

Taker = Callable[[Node], None]
"""Is given the elements of a list one by one."""

MAX_DEPTH = 100
MAX_ALIASED_NODES = 100_000

_STANDARD = "tag:yaml.org,2002:"
_TEXT_TAGS = frozenset({"!", f"{_STANDARD}str", f"{_STANDARD}timestamp"})
_TYPED_TAGS: dict[str, tuple[type, ...]] = {
    f"{_STANDARD}int": (int,),
    f"{_STANDARD}float": (int, float),
    f"{_STANDARD}bool": (bool,),
    f"{_STANDARD}null": (type(None),),
}
_MAP_TAGS = frozenset({None, "!", f"{_STANDARD}map"})
_LIST_TAGS = frozenset({None, "!", f"{_STANDARD}seq"})
_VARIABLE = re.compile(r"\$\{([^{}]*?)(?::-([^{}]*))?\}")
_NOT_PRINTABLE = re.compile(
    "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]",
)
_HINTS = {
    "mapping values are not allowed": "Put text that contains ': ' in quotes, and check the "
    "indentation.",
    "cannot start any token": "Indent with spaces, not tabs, and put text that starts with "
    "@, `, % or a tab in quotes.",
    "expected ',' or": "Close the bracket, and put text that contains brackets, braces or a "
    "${VARIABLE} in quotes.",
    "expected <block end>": "Check the indentation of this line and the one before.",
    "could not find expected ':'": "Write 'key: value', with a space after the colon.",
    "while scanning a quoted scalar": "Close the quotation mark.",
    "undefined tag handle": "Put text that starts with '!' in quotes.",
}


class _EventSource(Protocol):
    """The part of both parsers, compiled and pure, that is used here."""

    def get_event(self) -> ev.Event | None:
        """Return the next event; None at the end."""
        ...


def build(
    text: str,
    *,
    file: str,
    rules: YamlRules,
    env: Mapping[str, str] | None,
    diagnostics: Diagnostics,
    takers: Mapping[str, Taker] | None = None,
) -> Node | None:
    """Return the tree of the first document, or None when the text is no YAML.

    takers: see `parse`.
    """
    loader = cast("Callable[[str], _EventSource]", getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    builder = _Builder(file, rules, env, diagnostics, takers)
    try:
        return builder.build(iter(loader(text).get_event, None))
    except ConfigError as error:
        diagnostics.error(error.code, error.message, hint=error.hint, at=error.at)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = SourceSpan(file, mark.line + 1, mark.column + 1) if mark else SourceSpan(file)
        said = ", ".join(part for part in (error.context, error.problem) if part)
        hint = next((h for sign, h in _HINTS.items() if sign in said), "")
        diagnostics.error("T110", f"this is not valid YAML: {said}", hint=hint, at=at)
    except (yaml.YAMLError, UnicodeEncodeError):
        found = _NOT_PRINTABLE.search(text)
        diagnostics.error(
            "T110",
            f"the character U+{ord(found[0]):04X} is not allowed in YAML"
            if found
            else "this is not valid YAML: it cannot be read as characters",
            hint="Remove it, or write it as an escape in double quotes.",
            at=_place(file, text, found.start() if found else 0),
        )
    return None


def _place(file: str, text: str, offset: int) -> SourceSpan:
    return SourceSpan(file, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


class _Frame:
    """A collection under construction. size, height: of its subtree, aliases expanded."""

    __slots__ = (
        *("anchor", "elements", "entries", "height", "key", "merges", "size", "span", "taker"),
    )

    def __init__(self, span: SourceSpan, anchor: str | None, *, is_map: bool) -> None:
        self.span = span
        self.anchor = anchor
        self.entries: dict[str, Entry] | None = {} if is_map else None
        self.elements: list[Node] = []
        self.taker: Taker = self.elements.append
        self.key: Key | None = None
        self.merges: list[Node] = []
        self.size = 1
        self.height = 1


class _Builder:
    """Folds one stream of parse events into a tree; used once."""

    def __init__(
        self,
        file: str,
        rules: YamlRules,
        env: Mapping[str, str] | None,
        diagnostics: Diagnostics,
        takers: Mapping[str, Taker] | None,
    ) -> None:
        self._file = file
        self._env = env
        self._takers = takers or {}
        self._diagnostics = diagnostics
        self._resolve = resolver(rules)
        self._stack: list[_Frame] = []
        self._anchors: dict[str, tuple[Node, int, int]] = {}
        self._aliased = 0
        self._root: Node | None = None

    def build(self, events: Iterable[ev.Event]) -> Node:
        """Return the root; an empty document is an empty mapping.

        Raises:
            ConfigError: the document cannot be used at all.
        """
        documents = 0
        for event in events:
            if isinstance(event, ev.ScalarEvent):
                self._scalar(event)
            elif isinstance(event, ev.CollectionStartEvent):
                self._open(event)
            elif isinstance(event, ev.CollectionEndEvent):
                self._close()
            elif isinstance(event, ev.AliasEvent):
                self._alias(event)
            elif isinstance(event, ev.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._second_document(event)
                    break
                self._directive(event)
        root = self._root
        if root is None or (root.is_null and not root.text):
            return Node({}, root.span if root else SourceSpan(self._file, 1, 1))
        return root

    def _directive(self, event: ev.Event) -> None:
        version: tuple[int, int] | None = getattr(event, "version", None)
        if version is not None:
            self._resolve = resolver(YamlRules.V1_1 if version == (1, 1) else YamlRules.V1_2)

    def _second_document(self, event: ev.Event) -> None:
        self._diagnostics.error(
            "T117",
            "a second document starts here; only the first one is used",
            hint="Keep one document a file: remove the line '---' or split the file.",
            at=self._span(event),
        )

    def _span(self, event: ev.Event) -> SourceSpan:
        mark = event.start_mark
        return SourceSpan(self._file, mark.line + 1, mark.column + 1)

    def _scalar(self, event: ev.ScalarEvent) -> None:
        text: str = event.value
        style: str = event.style or ""
        span = self._span(event)
        tag: str | None = event.tag
        if not style and self._env is not None and "${" in text:
            expanded = self._expand(text, self._env, span)
            node = Node(expanded, span, expanded, style)
        elif tag is None:
            node = Node(text if style else self._resolve(text), span, text, style)
        else:
            node = self._tagged(tag, text, style, span)
        if event.anchor is not None:
            self._anchors[event.anchor] = (node, 1, 1)
        self._add(node, 1, 1, is_merge=not style and text == "<<")

    def _tagged(self, tag: str, text: str, style: str, span: SourceSpan) -> Node:
        if tag in _TEXT_TAGS:
            return Node(text, span, text, style)
        value = self._resolve(text)
        if tag not in _TYPED_TAGS:
            self._unknown_tag(tag, span)
            return Node(text if style else value, span, text, style)
        wanted = _TYPED_TAGS[tag]
        if not isinstance(value, wanted) or (isinstance(value, bool) and bool not in wanted):
            self._diagnostics.error(
                "T118",
                f"this value is not what its tag '{_short(tag)}' says",
                hint="Remove the tag or mend the value.",
                at=span,
            )
            return Node(text, span, text, style)
        if float in wanted and isinstance(value, int):
            value = float(value)
        return Node(value, span, text, style)

    def _unknown_tag(self, tag: str, span: SourceSpan) -> None:
        self._diagnostics.error(
            "T118",
            f"the tag '{_short(tag)}' is not supported",
            hint="Remove the tag; put text that starts with '!' in quotes.",
            at=span,
        )

    def _expand(self, text: str, env: Mapping[str, str], span: SourceSpan) -> str:
        def replacement(found: re.Match[str]) -> str:
            name, default = found[1], found[2]
            value = env.get(name)
            if default is not None:
                return value or default
            if value is None:
                self._diagnostics.error(
                    "T116",
                    f"the environment variable '{name}' is not set",
                    hint=f"Set {name}, write '${{{name}:-a default}}', or quote the text "
                    "if it is no variable.",
                    at=span,
                )
                return found[0]
            return value

        return _VARIABLE.sub(replacement, text)

    def _open(self, event: ev.CollectionStartEvent) -> None:
        span = self._span(event)
        if len(self._stack) >= MAX_DEPTH:
            raise ConfigError(
                f"this is nested deeper than {MAX_DEPTH} levels",
                hint="Check the indentation and the brackets.",
                at=span,
                code="T120",
            )
        is_map = isinstance(event, ev.MappingStartEvent)
        if event.tag not in (_MAP_TAGS if is_map else _LIST_TAGS):
            self._unknown_tag(event.tag, span)
        frame = _Frame(span, event.anchor, is_map=is_map)
        if not is_map and len(self._stack) == 1:
            self._hand_over(self._stack[0], frame)
        self._stack.append(frame)
        if event.anchor is not None:
            # An alias inside its own anchor must not find an older anchor of that name.
            self._anchors.pop(event.anchor, None)

    def _hand_over(self, root: _Frame, section: _Frame) -> None:
        """Let the elements of a section go to its taker, unless something else needs them here."""
        if root.key is None or root.entries is None or root.key.text in root.entries:
            return
        taker = self._takers.get(root.key.text)
        if taker is not None and section.anchor is None:
            section.taker = taker

    def _close(self) -> None:
        frame = self._stack.pop()
        if frame.entries is None:
            node = Node(tuple(frame.elements), frame.span)
        else:
            for source in frame.merges:
                self._merge(frame.entries, source)
            node = Node(frame.entries, frame.span)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (node, frame.size, frame.height)
        self._add(node, frame.size, frame.height)

    def _merge(self, entries: dict[str, Entry], source: Node) -> None:
        maps = source.elements() if source.is_list else (source,)
        for one in maps:
            if not isinstance(one.value, dict):
                self._diagnostics.error(
                    "T122",
                    f"'<<' merges mappings, and this is {one.kind}",
                    hint="Name the anchor of a mapping, or quote the key '<<'.",
                    at=one.span,
                )
                continue
            for text, entry in one.value.items():
                entries.setdefault(text, entry)

    def _alias(self, event: ev.AliasEvent) -> None:
        name: str = event.anchor
        if name not in self._anchors:
            own = any(frame.anchor == name for frame in self._stack)
            raise ConfigError(
                f"the alias '*{name}' stands inside its own anchor"
                if own
                else f"there is no anchor '&{name}' before this alias",
                hint="Define the anchor first; put text that starts with '*' in quotes.",
                at=self._span(event),
                code="T119",
            )
        node, size, height = self._anchors[name]
        self._aliased += size
        if self._aliased > MAX_ALIASED_NODES or len(self._stack) + height > MAX_DEPTH:
            raise ConfigError(
                "the aliases of this file stand for too much: "
                f"more than {MAX_ALIASED_NODES} values or {MAX_DEPTH} levels",
                hint="Write the values out, or use fewer aliases of aliases.",
                at=self._span(event),
                code="T119",
            )
        self._add(node, size, height)

    def _add(self, node: Node, size: int, height: int, *, is_merge: bool = False) -> None:
        if not self._stack:
            self._root = node
            return
        frame = self._stack[-1]
        frame.size += size
        if height >= frame.height:
            frame.height = height + 1
        if frame.entries is None:
            frame.taker(node)
        elif frame.key is None:
            frame.key = self._key(node, is_merge=is_merge)
        else:
            self._entry(frame, frame.key, node)
            frame.key = None

    def _key(self, node: Node, *, is_merge: bool) -> Key:
        value = node.value
        if isinstance(value, dict | tuple):
            raise ConfigError(
                f"a key must be a single value, and this is {node.kind}",
                hint="Put a key that contains brackets or braces in quotes.",
                at=node.span,
                code="T121",
            )
        return _MergeKey("<<", "<<", node.span) if is_merge else Key(node.text, value, node.span)

    def _entry(self, frame: _Frame, key: Key, node: Node) -> None:
        if isinstance(key, _MergeKey):
            frame.merges.append(node)
            return
        entries = frame.entries
        if entries is None:
            return
        if earlier := entries.get(key.text):
            self._diagnostics.error(
                "T115",
                f"the key '{key.text}' is already in this mapping, "
                f"in line {earlier.key.span.line}; here it is again, in line {key.span.line}",
                hint="Remove or rename one of the two.",
                at=key.span,
            )
            return
        entries[key.text] = Entry(key, node)


class _MergeKey(Key, frozen=True, gc=False):
    """An unquoted `<<`: its value is merged into the mapping around it."""


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(_STANDARD)}" if tag.startswith(_STANDARD) else tag
