"""What was taught, as text in the project's own formats, added to what its files hold.

Rule: what is added is read back before it is written; the rest of a file stays as it is, comments
included.

Source: spec evaluation.md section 5.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DataError
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Domain
from tertulia.core.events import (
    ACTION_LISTEN,
    ACTION_SESSION_START,
    ActionExecuted,
    ActiveLoop,
    Event,
    SlotSet,
    UserUttered,
)
from tertulia.data.nlu import (
    Example,
    NluData,
    read_nlu_text,
    write_json,
    write_markdown,
    write_yaml,
)
from tertulia.data.stories.dump import Dialogue, dump_markdown, dump_yaml
from tertulia.data.stories.model import StepEvent, Story, StoryData
from tertulia.data.stories.read import read_stories_text
from tertulia.data.stories.write_yaml import entities_in_place
from tertulia.data.stories.write_yaml import write_yaml as write_stories
from tertulia.data.yaml import dump, parse

Json = Any

_MARKDOWN = frozenset({".md", ".markdown"})
_TOLD = (UserUttered, ActionExecuted, SlotSet, ActiveLoop)
_UNTOLD = frozenset({ACTION_LISTEN, ACTION_SESSION_START})
_LAST_KEY = re.compile(r"^([A-Za-z_]+):", re.MULTILINE)


def is_told(event: Event) -> bool:
    """Tell whether stories have a line for an event."""
    if isinstance(event, ActionExecuted):
        return event.name not in _UNTOLD
    if isinstance(event, SlotSet):
        return event.name != "session_started_metadata"
    return isinstance(event, _TOLD)


def with_stories(
    old: str, path: Path, told: Sequence[Sequence[Event]], *, end_to_end: bool = False
) -> str:
    """Return the text of a story file with conversations added as stories.

    Raises:
        DataError: the file would not read back as its old stories and the new ones (T392).
    """
    names = _fresh_names(old, len(told))
    kept = [[event for event in events if is_told(event)] for events in told]
    if path.suffix.lower() in _MARKDOWN:
        # The writer hides what a form does by itself, for which it looks at everything.
        dialogues = [Dialogue(name, list(own)) for name, own in zip(names, told, strict=True)]
        added = "\n".join(dump_markdown(one, end_to_end=end_to_end) for one in dialogues)
        text = f"{old.rstrip()}\n\n{added}" if old.strip() else added
    elif end_to_end:
        dialogues = [Dialogue(name, own) for name, own in zip(names, kept, strict=True)]
        text = _appended(old, dump_yaml(dialogues), "stories")
    else:
        stories = [_story(name, own) for name, own in zip(names, kept, strict=True)]
        text = _appended(old, write_stories(stories), "stories")
    _check_stories(old, text, path, names, end_to_end=end_to_end)
    return text


def _story(name: str, events: Sequence[Event]) -> Story:
    return Story(name=name, items=tuple(StepEvent(_without_text(event)) for event in events))


def _without_text(event: Event) -> Event:
    is_intent = isinstance(event, UserUttered) and event.intent_name is not None
    return replace(event, text=None) if is_intent else event


def _fresh_names(old: str, count: int) -> list[str]:
    taken = {int(number) for number in re.findall(r"interactive_story_(\d+)", old)}
    first = max(taken, default=0) + 1
    return [f"interactive_story_{number}" for number in range(first, first + count)]


def _appended(old: str, new: str, section: str) -> str:
    """Return a YAML file with the items of a section of another added at its end."""
    if not old.strip():
        return new
    items = new.partition(f"\n{section}:\n")[2]
    keys = _LAST_KEY.findall(old)
    if keys and keys[-1] == section and not re.search(rf"^{section}:[ \t]*\[\]", old, re.MULTILINE):
        last = old[old.rindex(f"{section}:") :]
        pad = re.search(r"^([ ]*)- ", last, re.MULTILINE)
        indent = pad[1] if pad else ""
        shifted = "".join(
            f"{indent}{line}" if line.strip() else line for line in items.splitlines(keepends=True)
        )
        return f"{old.rstrip()}\n{shifted}"
    if section in keys:
        raise _unsafe(f"'{section}' is not the last section of the file")
    return f"{old.rstrip()}\n{section}:\n{items}"


def _check_stories(
    old: str, text: str, path: Path, names: Sequence[str], *, end_to_end: bool
) -> None:
    before, after = _read(old, path, end_to_end), _read(text, path, end_to_end)
    kept = [one.without_places() for one in before.stories]
    found = [one.without_places() for one in after.stories]
    if found[: len(kept)] != kept or [one.name for one in found[len(kept) :]] != list(names):
        raise _unsafe("the stories would not read back as they were")


def _read(text: str, path: Path, end_to_end: bool) -> StoryData:
    kind = "test" if end_to_end else "train"
    return read_stories_text(
        text, file=path.name, domain=None, kind=kind, diagnostics=Diagnostics()
    )


def with_examples(old: str, path: Path, messages: Sequence[UserUttered]) -> str:
    """Return the text of an NLU file with messages added as examples; those it has are not.

    Raises:
        DataError: the file would not read back as its old examples and the new ones (T392).
    """
    before = read_nlu_text(old, file=path.name, diagnostics=Diagnostics())
    known = {(one.label, one.text) for one in before.examples}
    fresh: dict[tuple[str | None, str], Example] = {}
    for message in messages:
        example = _example(message)
        if example is not None and (example.label, example.text) not in known:
            fresh.setdefault((example.label, example.text), example)
    if not fresh:
        return old
    added = NluData(examples=tuple(fresh.values()))
    text = _with_examples(old, path, before, added)
    after = read_nlu_text(text, file=path.name, diagnostics=Diagnostics())
    found = {(one.label, one.text) for one in after.examples}
    if found != known | set(fresh):
        raise _unsafe("the examples would not read back as they were")
    return text


def _with_examples(old: str, path: Path, before: NluData, added: NluData) -> str:
    suffix = path.suffix.lower()
    if suffix == ".json":
        return write_json(before.merge(added))
    if suffix in _MARKDOWN:
        new = write_markdown(added)
        return f"{old.rstrip()}\n\n{new}" if old.strip() else new
    return _appended(old, write_yaml(added), "nlu")


def _example(message: UserUttered) -> Example | None:
    """Return a message as an example; None for one that states its own meaning."""
    text = message.text or ""
    if not text.strip() or text.startswith("/") or message.intent_name is None:
        return None
    full = message.intent.get("full_retrieval_intent_name")
    return Example(
        text=text,
        intent=message.intent_name,
        response_key=full if isinstance(full, str) else None,
        entities=tuple(entities_in_place(message)),
        span=SourceSpan(""),
    )


def with_names(
    old: str,
    domain: Domain,
    told: Sequence[Sequence[Event]],
    *,
    actions: Sequence[str],
    responses: Mapping[str, str],
) -> str | None:
    """Return a domain file with the names that it lacked; None when it lacks none.

    The content is kept, comments are not.
    """
    intents, entities, used = _names(told)
    intents -= set(domain.intents)
    entities -= set(domain.entities)
    names = [name for name in actions if name in used]
    if not (intents or entities or names):
        return None
    content = _content(old)
    _extend(content, "intents", sorted(intents))
    _extend(content, "entities", sorted(entities))
    _extend(content, "actions", [name for name in names if name not in responses])
    _add_responses(content, {name: responses[name] for name in names if name in responses})
    return dump(content)


def _names(told: Sequence[Sequence[Event]]) -> tuple[set[str], set[str], set[str]]:
    """Return the intents, entities and actions of conversations."""
    events = [event for own in told for event in own]
    messages = [one for one in events if isinstance(one, UserUttered)]
    intents = {one.intent_name for one in messages if one.intent_name}
    entities = {str(entity.get("entity")) for one in messages for entity in one.entities}
    actions = {one.name for one in events if isinstance(one, ActionExecuted) and one.name}
    return intents, entities, actions


def _add_responses(content: dict[str, Json], texts: Mapping[str, str]) -> None:
    """Add responses; in 0.x, where they are templates, each is an action, too."""
    if not texts:
        return
    key = "templates" if "templates" in content else "responses"
    said = {name: [{"text": text}] for name, text in texts.items()}
    content[key] = {**(content.get(key) or {}), **said}
    if key == "templates":
        _extend(content, "actions", list(said))


def _content(old: str) -> dict[str, Json]:
    diagnostics = Diagnostics()
    root = parse(old, file="domain.yml", diagnostics=diagnostics)
    if diagnostics.errors or (root is None and old.strip()):
        raise _unsafe("it cannot be read")
    return {} if root is None or root.is_null else dict(root.plain())


def _extend(content: dict[str, Json], key: str, names: Sequence[str]) -> None:
    if names:
        content[key] = [*(content.get(key) or []), *names]


def _unsafe(why: str) -> DataError:
    return DataError(
        f"nothing can be added to this file: {why}",
        hint="Name another file; it is made if it is not there.",
        code="T392",
    )
