"""The `version` key of YAML training data and domains: one rule for all readers."""

import re

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.yaml import Node

NEWEST = "3.1"
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.\d+)*")


def is_readable_version(root: Node, *, diagnostics: Diagnostics) -> bool:
    """Whether a file with this root is to be read; problems with its version are noted.

    Older and missing versions are read. A newer one is skipped with a warning; one that is not
    text is an error, and one that is no version a warning, and the file is read all the same.

    Source: domain.md section 1.
    """
    version = root.get("version")
    if version is None:
        return True
    if not isinstance(version.value, str):
        diagnostics.error(
            "T125",
            "'version' must be text",
            hint=f'Put it in quotes: version: "{version.text or NEWEST}".',
            at=version.span,
        )
        return True
    found = _VERSION.fullmatch(version.value.strip())
    if found is None:
        diagnostics.warning(
            "T126",
            f"'{version.value}' is no version; the file is read as {NEWEST}",
            hint=f'Write version: "{NEWEST}".',
            at=version.span,
        )
        return True
    newest = tuple(int(part) for part in NEWEST.split("."))
    if (int(found[1]), int(found[2])) <= newest:
        return True
    diagnostics.warning(
        "T127",
        f"the version {version.value} is newer than {NEWEST}; the file is skipped",
        hint=f'Write version: "{NEWEST}" if the file needs nothing newer.',
        at=version.span,
    )
    return False
