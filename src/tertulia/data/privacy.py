"""Reads the section `redaction` of endpoints.yml: what is never to be stored."""

import re

from tertulia.base.diagnostics import Diagnostics
from tertulia.core.redaction import NOTHING_REDACTED, Pattern, Redaction
from tertulia.data.yaml import Node
from tertulia.data.yaml.settings import convert_settings
from tertulia.schema.privacy import RedactedPattern


def read_redaction(section: Node | None, diagnostics: Diagnostics) -> Redaction:
    """Return what is taken out of events; nothing where the section is left out."""
    if section is None or section.is_null:
        return NOTHING_REDACTED
    given = convert_settings(section, list[RedactedPattern], diagnostics) or []
    found = [_pattern(each, section, diagnostics) for each in given]
    return Redaction([each for each in found if each is not None])


def _pattern(given: RedactedPattern, section: Node, diagnostics: Diagnostics) -> Pattern | None:
    wrong = "matches nothing at all, and so everywhere"
    try:
        expression = re.compile(given.pattern)
        if not expression.search(""):
            return Pattern(given.name, expression)
    except (re.error, OverflowError, RecursionError) as error:
        wrong = f"is no regular expression: {error}"
    diagnostics.error(
        "T942",
        f"the pattern '{given.name}' {wrong}",
        hint="Write it as Python's `re` knows it, in single quotes, for one character at least.",
        at=section.span,
    )
    return None
