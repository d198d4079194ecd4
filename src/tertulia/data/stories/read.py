"""Reads stories and rules from files and folders: recognises the format of each file.

Source: spec stories.md sections 1.1, 3 and 10.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain
from tertulia.data.nlu.markdown import is_nlu, is_responses
from tertulia.data.source_files import find_files
from tertulia.data.stories import markdown, yaml_format
from tertulia.data.stories.check import KnownNames, check_stories
from tertulia.data.stories.markdown import Kind
from tertulia.data.stories.model import StoryData, merge_all
from tertulia.data.stories.placed import Packer
from tertulia.data.version import is_readable_version
from tertulia.data.yaml import parse, read_text

_YAML = frozenset({".yml", ".yaml"})
_TEXT = frozenset({"", ".md", ".markdown", ".txt", ".story", ".stories"})
# Parsing is the costly part, so a file without these words is not parsed as stories.
_MAYBE_STORIES = re.compile(r"^[\s{,\"']*(?:stories|rules)[\"']?\s*:", re.MULTILINE)


def read_stories(
    paths: Sequence[Path],
    *,
    domain: Domain | None,
    env: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    kind: Kind = "train",
    diagnostics: Diagnostics,
) -> StoryData:
    """Return the stories and rules of all files that the paths name; problems are noted.

    Files of other kinds are passed over. A file named in `paths` itself must be of a known
    format; what lies in a folder may be anything.

    Args:
        paths: files and folders.
        domain: names are checked against it; None checks none.
        env: variables for `${NAME}` in unquoted YAML values.
        variables: what replaces names in back-quotes in Markdown.
        kind: `train` leaves out test files (`test_*.yml`) of folders; `test` reads only test
            stories of folders: those files, and Markdown with `* intent: message` lines.
        diagnostics: takes the problems.
    """
    named = {path for path in paths if not path.is_dir()}
    parts: list[StoryData] = []
    packer = Packer()
    for path in find_files(paths, diagnostics=diagnostics):
        is_named = path in named
        if not is_named and not _may_hold(path, kind):
            continue
        text = read_text(path, diagnostics=diagnostics)
        if text is not None:
            settings = _Settings(domain, env or {}, variables, kind, is_named, packer)
            parts.append(_read(text, str(path), settings, diagnostics))
    return _checked(merge_all(parts), domain, diagnostics)


def read_stories_text(
    text: str,
    *,
    file: str,
    domain: Domain | None,
    kind: Kind = "train",
    diagnostics: Diagnostics,
) -> StoryData:
    """Return the stories of one text, as of a named file. file: its label; the ending tells YAML.

    A label without an ending is YAML when the text has one of its sections, else Markdown.
    """
    settings = _Settings(domain, None, None, kind, True, Packer())
    return _checked(_read(text, file, settings, diagnostics), domain, diagnostics)


class _Settings:
    """How the files of one run are read."""

    def __init__(
        self,
        domain: Domain | None,
        env: Mapping[str, str] | None,
        variables: Mapping[str, str] | None,
        kind: Kind,
        is_named: bool,
        packer: Packer,
    ) -> None:
        self.domain = domain
        self.env = env
        self.variables = variables
        self.kind: Kind = kind
        self.is_named = is_named
        self.packer = packer


def _may_hold(path: Path, kind: Kind) -> bool:
    suffix = path.suffix.lower()
    if suffix in _YAML:
        return yaml_format.is_test_file(path.name) == (kind == "test")
    return suffix in _TEXT


def _read(text: str, file: str, settings: _Settings, diagnostics: Diagnostics) -> StoryData:
    suffix = Path(file).suffix.lower()
    if suffix in _YAML or (suffix not in _TEXT - {""} and _MAYBE_STORIES.search(text)):
        return _from_yaml(text, file, settings, diagnostics)
    return _from_markdown(text, file, settings, diagnostics)


def _from_yaml(text: str, file: str, settings: _Settings, diagnostics: Diagnostics) -> StoryData:
    if _MAYBE_STORIES.search(text) is None:
        return StoryData()
    stories = yaml_format.YamlStories(
        file, domain=settings.domain, is_test=settings.kind == "test", packer=settings.packer
    )
    root = parse(text, file=file, env=settings.env, diagnostics=diagnostics, takers=stories.takers)
    if root is None or not yaml_format.is_stories(root):
        return StoryData()
    if not is_readable_version(root, diagnostics=diagnostics):
        return StoryData()
    return stories.data(root, diagnostics=diagnostics)


def _from_markdown(
    text: str, file: str, settings: _Settings, diagnostics: Diagnostics
) -> StoryData:
    if is_nlu(text) or is_responses(text):
        return StoryData()
    if not markdown.looks_like_stories(text):
        if not settings.is_named or not text.strip():
            return StoryData()
        if not text.lstrip().startswith(("#", "*", "-", ">", "<!--")):
            diagnostics.error(
                "T322",
                "this file holds no stories in a known format",
                hint="Stories are YAML with the key 'stories' or 'rules', or Markdown with "
                "'## name' headers.",
                at=SourceSpan(file),
            )
            return StoryData()
    if settings.kind == "test" and not settings.is_named and not markdown.looks_end_to_end(text):
        return StoryData()
    stories = markdown.read_markdown(
        text,
        file=file,
        kind=settings.kind,
        variables=settings.variables,
        diagnostics=diagnostics,
    )
    return StoryData(
        stories=tuple(replace(one, items=settings.packer.packed(one.items)) for one in stories)
    )


def _checked(data: StoryData, domain: Domain | None, diagnostics: Diagnostics) -> StoryData:
    known = None if domain is None else KnownNames(domain)
    check_stories(data.stories, known, diagnostics=diagnostics)
    check_stories(data.rules, known, diagnostics=diagnostics)
    return data
