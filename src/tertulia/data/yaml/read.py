"""Files and texts to nodes: encoding, size and existence are checked here."""

from collections.abc import Mapping
from pathlib import Path

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.data.yaml.build import Taker, build
from tertulia.data.yaml.node import Node, YamlRules

MAX_BYTES = 64 * 1024 * 1024


def parse(
    text: str,
    *,
    file: str,
    rules: YamlRules = YamlRules.V1_2,
    env: Mapping[str, str] | None = None,
    diagnostics: Diagnostics,
    takers: Mapping[str, Taker] | None = None,
) -> Node | None:
    """Return the tree of a YAML text, or None when it is unreadable (the problem is noted).

    file: the name in places. env: variables for `${NAME}` and `${NAME:-default}` in unquoted
    values and keys, always read as text; None leaves them as they are. takers: by the key of a
    list in the outermost mapping, who is given its elements one by one; the tree holds only those
    that are not handed over, so a large list never lies in memory as a whole.

    Source: domain.md section 1.1, endpoints.md section 1.
    """
    return build(
        text.removeprefix("\ufeff"),
        file=file,
        rules=rules,
        env=env,
        diagnostics=diagnostics,
        takers=takers,
    )


def read_file(
    path: Path,
    *,
    rules: YamlRules = YamlRules.V1_2,
    env: Mapping[str, str] | None = None,
    diagnostics: Diagnostics,
    max_bytes: int = MAX_BYTES,
) -> Node | None:
    """Return the tree of a YAML file, or None when it is unreadable (the problem is noted)."""
    text = read_text(path, diagnostics=diagnostics, max_bytes=max_bytes)
    if text is None:
        return None
    return parse(text, file=str(path), rules=rules, env=env, diagnostics=diagnostics)


def read_text(path: Path, *, diagnostics: Diagnostics, max_bytes: int = MAX_BYTES) -> str | None:
    """Return the text of a UTF-8 file without its byte order mark, or None (noted)."""
    at = SourceSpan(str(path))
    try:
        if not path.is_file():
            what = "this is not a file" if path.exists() else "there is no such file"
            diagnostics.error("T111", what, hint="Check the path.", at=at)
            return None
        with path.open("rb") as stream:
            content = stream.read(max_bytes + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        diagnostics.error(
            "T111", f"this file cannot be read: {reason}", hint="Check the path and rights.", at=at
        )
        return None
    if len(content) > max_bytes:
        diagnostics.error(
            "T114",
            f"this file is larger than {max_bytes} bytes",
            hint="Split it into several files.",
            at=at,
        )
        return None
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        diagnostics.error(
            "T113",
            f"this file is not UTF-8: byte 0x{content[error.start]:02x}",
            hint="Save it as UTF-8.",
            at=SourceSpan(str(path), content.count(b"\n", 0, error.start) + 1),
        )
        return None
