"""Collects what one file says, with the checks that all formats share."""

from pathlib import Path
from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.base.source import SourceSpan
from tertulia.base.trust import is_foreign
from tertulia.data.nlu.annotations import read_annotations
from tertulia.data.nlu.model import (
    Entity,
    Example,
    Lookup,
    NluData,
    Regex,
    Synonym,
    Synonyms,
)
from tertulia.data.yaml import Node, read_text


class Collector:
    """Gathers the contents of one file in reading order; `finish` returns them."""

    def __init__(self, file: str, diagnostics: Diagnostics) -> None:
        self.file = file
        self.diagnostics = diagnostics
        self._examples: list[Example] = []
        self._synonyms: list[Synonym] = []
        self._regexes: list[Regex] = []
        self._lookups: list[Lookup] = []
        self._responses: dict[str, tuple[Node, ...]] = {}

    def finish(self) -> NluData:
        """Return everything collected."""
        return NluData(
            examples=tuple(self._examples),
            synonyms=Synonyms(self._synonyms),
            regexes=tuple(self._regexes),
            lookups=tuple(self._lookups),
            responses=self._responses,
        )

    def annotated(
        self, label: str, source: str, at: SourceSpan, metadata: dict[str, Any] | None = None
    ) -> None:
        """Add an example whose entities are written into its text."""
        try:
            read = read_annotations(source, at=at)
        except DataError as error:
            self.diagnostics.error(error.code, error.message, hint=error.hint, at=error.at)
            return
        self.example(label, read.text, read.entities, at, metadata)

    def example(
        self,
        label: str | None,
        text: str,
        entities: tuple[Entity, ...],
        at: SourceSpan,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Add an example, and the synonyms that its entities define."""
        base, response_key = split_label(label)
        self._examples.append(
            Example(
                text=text,
                intent=base,
                response_key=response_key,
                entities=entities,
                metadata=metadata or {},
                span=at,
            )
        )
        for entity in entities:
            surface = text[entity.start : entity.end]
            if surface and str(entity.value) != surface:
                self.synonym(surface, str(entity.value), at)

    def synonym(self, text: str, value: str, at: SourceSpan) -> None:
        """Add one definition: `text` stands for `value`."""
        self._synonyms.append(Synonym(text, value, at))

    def regex(self, name: str, pattern: str, at: SourceSpan) -> None:
        """Add one pattern."""
        self._regexes.append(Regex(name, pattern, at))

    def lookup(self, name: str, elements: tuple[str, ...], at: SourceSpan) -> None:
        """Add words to a table; those of neighbouring lines become one entry."""
        if self._lookups and self._lookups[-1].name == name:
            last = self._lookups[-1]
            self._lookups[-1] = Lookup(name, last.elements + elements, last.span)
        else:
            self._lookups.append(Lookup(name, elements, at))

    def lookup_file(self, name: str, written: str, at: SourceSpan) -> None:
        """Add the non-empty lines of a file.

        A relative path is read from the folder of the data file, then from the working
        directory.

        Source: nlu.md sections 1 and 5.
        """
        if is_foreign():
            self.diagnostics.error(
                "T390",
                f"the lookup table '{name}' names the file '{written}', which is not looked for",
                hint="Write the words into the data: what comes over the network reads no files.",
                at=at,
            )
            return
        candidates = (Path(self.file).parent / written, Path(written))
        path = next((one for one in candidates if _is_file(one)), None)
        if path is None:
            self.diagnostics.error(
                "T339",
                f"the lookup table '{name}' names the file '{written}', which does not exist",
                hint="Give the path relative to this file or to the working directory; "
                "start a line with '- ' if it is a word of the table.",
                at=at,
            )
            return
        text = read_text(path, diagnostics=self.diagnostics)
        if text is not None:
            lines = (line.strip() for line in text.splitlines())
            self.lookup(name, tuple(line for line in lines if line), at)

    def responses(self, name: str, variations: tuple[Node, ...]) -> None:
        """Add variations to the response `name`."""
        self._responses[name] = self._responses.get(name, ()) + variations

    def is_label(self, label: str, at: SourceSpan) -> bool:
        """Whether an intent label has at most two non-empty parts; if not, that is noted.

        Source: nlu.md section 3.
        """
        parts = label.split("/")
        if len(parts) <= 2 and all(part.strip() for part in parts):
            return True
        self.diagnostics.error(
            "T338",
            f"the intent '{label}' is neither 'intent' nor 'intent/key'",
            hint="Use at most one '/', with a name on both sides.",
            at=at,
        )
        return False


def split_label(label: str | None) -> tuple[str | None, str | None]:
    """Return the base intent, and the whole label when it is `base/key`."""
    if not label:
        return None, None
    base, slash, _ = label.partition("/")
    return base, label if slash else None


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
