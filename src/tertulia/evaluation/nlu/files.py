"""What a test of NLU writes: names and contents of files, as the originals have them.

Source: spec evaluation.md section 2.
"""

import json
from collections.abc import Sequence
from typing import Any

from tertulia.evaluation.nlu.report import Part

Json = Any


def part_files(
    parts: Sequence[Part], *, errors: bool = True, successes: bool = False
) -> dict[str, str]:
    """Return file names with what to write into them."""
    files: dict[str, str] = {}
    for part in parts:
        files[f"{part.name}_report.json"] = as_json(part.report)
        if errors:
            files[f"{part.name}_errors.json"] = as_json(part.errors)
        if successes:
            files[f"{part.name}_successes.json"] = as_json(part.successes)
    return files


def as_json(content: Json) -> str:
    """Return indented JSON with a line break at its end."""
    return json.dumps(content, indent=2, ensure_ascii=False, default=str) + "\n"
