"""Reads NLU data from files and folders: recognises the format of each file.

Source: nlu.md sections 1, 3 and 4.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.data.nlu import json_format, markdown, yaml_format
from tertulia.data.nlu.model import NluData, merge_all
from tertulia.data.source_files import find_files
from tertulia.data.yaml import parse, read_text

_YAML = frozenset({".yml", ".yaml"})
_READ = frozenset({*_YAML, ".md", ".markdown", ".json"})
# Parsing is the costly part, so a file without these words is not parsed as NLU data.
_MAYBE_NLU = re.compile(r"^[ \t{,\"']*(?:nlu|responses)[\"']?\s*:", re.MULTILINE)


def read_nlu(
    paths: Sequence[Path],
    *,
    env: Mapping[str, str] | None = None,
    diagnostics: Diagnostics,
) -> NluData:
    """Return the NLU data of all files that the paths name, merged; problems are noted.

    Files of stories, rules or domains are passed over. A file named in `paths` itself must be
    of a known format; what lies in a folder may be anything.
    env: variables for `${NAME}` in unquoted YAML values.
    """
    named = {path for path in paths if not path.is_dir()}
    parts: list[NluData] = []
    for path in find_files(paths, diagnostics=diagnostics):
        if path not in named and path.suffix.lower() not in _READ:
            continue
        text = read_text(path, diagnostics=diagnostics)
        if text is not None:
            parts.append(
                read_nlu_text(
                    text, file=str(path), env=env, must_fit=path in named, diagnostics=diagnostics
                )
            )
    return merge_all(parts)


def read_nlu_text(
    text: str,
    *,
    file: str,
    env: Mapping[str, str] | None = None,
    must_fit: bool = False,
    diagnostics: Diagnostics,
) -> NluData:
    """Return the NLU data of one text. file: its path or label; the ending tells YAML.

    must_fit: a text of no known format is an error, not passed over.
    """
    suffix = Path(file).suffix.lower()
    if suffix in _YAML:
        return _from_yaml(text, file=file, env=env, diagnostics=diagnostics)
    if _is_json(text, suffix, must_fit=must_fit):
        return json_format.read_json(text, file=file, diagnostics=diagnostics)
    if markdown.is_nlu(text):
        return markdown.read_markdown(text, file=file, diagnostics=diagnostics)
    if markdown.is_responses(text):
        return markdown.read_responses(text, file=file, diagnostics=diagnostics)
    if must_fit and text.strip() and not markdown.is_stories(text):
        diagnostics.error(
            "T330",
            "this file is neither NLU data nor stories in a known format",
            hint="NLU data is YAML with the key 'nlu', Markdown with '## intent:name' headers, "
            "or JSON with 'rasa_nlu_data'.",
            at=SourceSpan(file),
        )
    return NluData()


def _is_json(text: str, suffix: str, *, must_fit: bool) -> bool:
    """Tell whether to read a text as JSON; NLU data that is broken shall be reported as such."""
    if suffix != ".json" and text.lstrip()[:1] not in ("{", "["):
        return False
    seen = json_format.look(text)
    broken = bool(seen.reason) and '"rasa_nlu_data"' in text
    return seen.is_nlu or broken or (must_fit and suffix == ".json")


def _from_yaml(
    text: str, *, file: str, env: Mapping[str, str] | None, diagnostics: Diagnostics
) -> NluData:
    if not _MAYBE_NLU.search(text):
        return NluData()
    root = parse(text, file=file, env=env, diagnostics=diagnostics)
    if root is None or not yaml_format.is_nlu(root):
        return NluData()
    return yaml_format.read_yaml(root, file=file, diagnostics=diagnostics)
