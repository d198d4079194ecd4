"""Reads domain files of every generation, one or many, to one domain.

Source: spec domain.md sections 1, 2 and 11.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.domain.model import Dialect, Domain, Generation, Variation
from tertulia.data.domain.build import build
from tertulia.data.domain.dialect import SECTIONS, FileDialect, decide, is_domain, version_of
from tertulia.data.domain.fragment import Fragment
from tertulia.data.domain.merge import merge
from tertulia.data.domain.reader import Reader
from tertulia.data.domain.responses import read_responses
from tertulia.data.domain.sections import read_fragment
from tertulia.data.source_files import find_files
from tertulia.data.yaml import Node, YamlRules, parse, read_text

_ENDINGS = (".yml", ".yaml")


class _Source(msgspec.Struct, frozen=True):
    """A file's text. is_named: a person named this very file, so it must be a domain."""

    file: str
    text: str
    is_named: bool


def read_domain(
    paths: Sequence[Path],
    *,
    env: Mapping[str, str] | None = None,
    generation: Generation | None = None,
    diagnostics: Diagnostics,
) -> Domain | None:
    """Return the domain that the files and folders hold, or None when there is none to read.

    env: variables for `${NAME}`. generation: known from the configuration; None judges by the
    files. Everything wrong is noted; a domain with noted errors is only good for finding more.
    What names refer to is checked apart (`core.domain.check`), once training data has added its
    part.
    """
    sources: list[_Source] = []
    for path in find_files(paths, diagnostics=diagnostics):
        is_named = path in paths
        if is_named or path.suffix in _ENDINGS:
            text = read_text(path, diagnostics=diagnostics)
            if text is not None:
                sources.append(_Source(str(path), text, is_named))
    return _read(sources, env, generation, diagnostics)


def read_domain_text(
    text: str,
    *,
    file: str,
    env: Mapping[str, str] | None = None,
    generation: Generation | None = None,
    diagnostics: Diagnostics,
) -> Domain | None:
    """Return the domain of one text, as `read_domain` does. file: its name in messages."""
    return _read([_Source(file, text, is_named=True)], env, generation, diagnostics)


def read_response_section(
    node: Node, *, diagnostics: Diagnostics
) -> dict[str, tuple[Variation, ...]]:
    """Return the responses of a `responses` section in another file, such as one of NLU data."""
    reader = Reader(FileDialect(Dialect.V3), diagnostics)
    return {name: entry.value for name, entry in read_responses(node, reader).items()}


def _read(
    sources: Sequence[_Source],
    env: Mapping[str, str] | None,
    generation: Generation | None,
    diagnostics: Diagnostics,
) -> Domain | None:
    found = _roots(sources, env, diagnostics)
    versions = [version_of(root, diagnostics) for _, root in found]
    if not found:
        _note_nothing(sources, diagnostics)
        return None
    kept = [n for n, version in enumerate(versions) if not version.too_new]
    if not kept:
        # A file that is too new counts as an empty domain.
        empty = Fragment(dialects=frozenset({Dialect.V3}))
        return build(empty, generation or Generation.MODERN, diagnostics)
    decided, dialects = decide([found[n][1] for n in kept], [versions[n] for n in kept], generation)
    fragments: list[Fragment] = []
    for n, dialect in zip(kept, dialects, strict=True):
        source, root = found[n]
        root = _reread(source, root, dialect.dialect, env, diagnostics)
        fragments.append(read_fragment(root, dialect, diagnostics))
    return build(merge(fragments, diagnostics), decided, diagnostics)


def _roots(
    sources: Sequence[_Source], env: Mapping[str, str] | None, diagnostics: Diagnostics
) -> list[tuple[_Source, Node]]:
    """Return the sources that are part of the domain with their trees."""
    found: list[tuple[_Source, Node]] = []
    for source in sources:
        root = parse(source.text, file=source.file, env=env, diagnostics=diagnostics)
        if root is not None and _belongs(root, source, diagnostics):
            found.append((source, root))
    return found


def _belongs(root: Node, source: _Source, diagnostics: Diagnostics) -> bool:
    """Tell whether a file is part of the domain; a file that was named has to be."""
    if is_domain(root):
        return True
    if not source.is_named:
        return False
    if root.is_null or root.value == {} or root.get("config") or root.get("version"):
        # An empty domain is one, though not a useful one.
        return True
    diagnostics.error(
        "T201",
        "this file has no section of a domain"
        if root.is_map
        else f"a domain file must be a mapping, got {root.kind}",
        hint=f"Its sections are {', '.join(SECTIONS)}.",
        at=root.span,
    )
    return False


def _note_nothing(sources: Sequence[_Source], diagnostics: Diagnostics) -> None:
    if not any(source.is_named for source in sources) and not diagnostics.errors:
        diagnostics.error(
            "T201",
            "there is no domain file",
            hint=f"A domain file has one of the sections {', '.join(SECTIONS)}.",
        )


def _reread(
    source: _Source,
    root: Node,
    dialect: Dialect,
    env: Mapping[str, str] | None,
    diagnostics: Diagnostics,
) -> Node:
    """Return the tree by the rules of the dialect: in 0.x, `yes` and `no` are booleans."""
    if dialect is not Dialect.LEGACY:
        return root
    rules = YamlRules.V1_1
    again = parse(source.text, file=source.file, rules=rules, env=env, diagnostics=diagnostics)
    return root if again is None else again
