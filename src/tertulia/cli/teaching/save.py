"""Writes what was taught: all files are made before any is written.

Source: spec evaluation.md section 5.
"""

from pathlib import Path

import msgspec

from tertulia.base.errors import ConfigError
from tertulia.cli.results import write_files
from tertulia.cli.teaching.saved import with_examples, with_names, with_stories
from tertulia.cli.teaching.session import Session
from tertulia.core.domain.model import Domain
from tertulia.core.events import UserUttered


class Saving(msgspec.Struct, frozen=True, kw_only=True):
    """Where to. end_to_end: as test stories, with their messages."""

    stories: Path
    nlu: Path
    domain: Path
    end_to_end: bool = False


def save(session: Session, domain: Domain, saving: Saving) -> list[Path]:
    """Add what was taught to the files; return those that were written.

    Raises:
        DataError: a file cannot be added to (T392).
        ConfigError: a file cannot be read or written.
    """
    told = session.stories()
    messages = [one for events in told for one in events if isinstance(one, UserUttered)]
    texts: dict[Path, str] = {}
    path = saving.stories
    texts[path] = with_stories(_text(path), path, told, end_to_end=saving.end_to_end)
    old = _text(saving.nlu)
    new = with_examples(old, saving.nlu, messages)
    if new != old:
        texts[saving.nlu] = new
    target = saving.domain / "interactive.yml" if saving.domain.is_dir() else saving.domain
    names = with_names(
        _text(target),
        domain,
        told,
        actions=session.new_actions,
        responses=session.new_responses,
    )
    if names is not None:
        texts[target] = names
    if names is not None and target.exists():
        # Its comments are lost, so the file as it was is kept.
        texts = {target.with_name(f"{target.name}.bak"): _text(target), **texts}
    for path, text in texts.items():
        write_files({path.name: text.encode()}, path.parent)
    return list(texts)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8") if path.exists() else ""
    except OSError as error:
        raise ConfigError(
            f"'{path}' cannot be read: {error.strerror}", hint="Name another file.", code="T199"
        ) from error
