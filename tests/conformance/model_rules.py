"""Where an uploaded model is answered differently on purpose. Listed in docs/compatibility.md."""

from typing import Any

from .judging import Answer
from .legacy_replay import Exchange, LegacyRule, Past
from .legacy_rules import failure

Json = Any

_UNSAFE = "../"
_NEWER = "newer version"


def _refused(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    is_upload = exchange.method == "POST" and exchange.path == "/model"
    is_hostile = _UNSAFE in exchange.note or _NEWER in exchange.note
    return failure(400) if is_upload and wanted.status == 204 and is_hostile else None


def _no_type(exchange: Exchange, wanted: Answer, past: Past) -> Answer | None:
    return Answer(204, "", {}) if wanted.status == 204 else None


UPLOAD_RULES = (
    LegacyRule(
        "refused-archives",
        "a model that wants to write elsewhere, or is of a newer format, is refused as a whole",
        _refused,
    ),
    LegacyRule("no-type", "an answer without a body has no type of one", _no_type),
)
