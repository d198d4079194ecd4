"""Conversations to stories, as the originals show and export them.

Rule: what people said can be anything, so nothing here fails; what no annotation can express is
written plainly.

Source: spec stories.md sections 1.6 and 11, evaluation.md section 1.3, http_api.md "GET story".
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import msgspec

from tertulia.base.errors import DataError
from tertulia.core.events import (
    ACTION_LISTEN,
    ACTION_SESSION_START,
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    Event,
    SlotSet,
    UserFeaturization,
    UserUttered,
)
from tertulia.data.stories.write_markdown import event_line, intent_line
from tertulia.data.stories.write_yaml import annotated_text, entity_item
from tertulia.data.version import NEWEST
from tertulia.data.yaml import dump

Json = Any
Notes = Mapping[int, str]
"""Position of an event to what is noted beside its line, such as `predicted: utter_b`."""

_HIDDEN_ACTIONS = frozenset({ACTION_LISTEN, ACTION_SESSION_START, "action_unlikely_intent"})
_NO_NOTES: Notes = {}
_FORM = "form: "


class Dialogue(msgspec.Struct, frozen=True):
    """A conversation or a session of one. notes: what to note beside lines."""

    name: str
    events: Sequence[Event]
    notes: Notes = _NO_NOTES


def sessions(name: str, events: Sequence[Event]) -> list[Dialogue]:
    """Return a conversation's sessions: named `name` if it is one, else `name, story 1`, ..."""
    starts = [
        position
        for position, event in enumerate(events)
        if isinstance(event, ActionExecuted) and event.name == ACTION_SESSION_START
    ]
    # What was before the first session start belongs to the first session.
    bounds = [0, *starts[1:], len(events)]
    parts = [events[start:end] for start, end in pairwise(bounds)]
    if len(parts) == 1:
        return [Dialogue(name, events)]
    return [Dialogue(f"{name}, story {n}", part) for n, part in enumerate(parts, 1)]


def dump_yaml(dialogues: Sequence[Dialogue]) -> str:
    """Return test stories of 3.x. events: as logged, taken back ones included."""
    lines = [f'version: "{NEWEST}"', "stories:"]
    for dialogue in dialogues:
        lines += _indented(dump([{"story": dialogue.name}]), "")
        lines.append("  steps:")
        for position in range(len(dialogue.events)):
            lines += _yaml_step(dialogue, position)
        if lines[-1] == "  steps:":
            lines[-1] = "  steps: []"
    if not dialogues:
        lines[-1] = "stories: []"
    return "\n".join(lines) + "\n"


def _yaml_step(dialogue: Dialogue, position: int) -> list[str]:
    event = dialogue.events[position]
    if isinstance(event, UserUttered):
        lines = _yaml_user(event, uses_text=_uses_text(dialogue.events, position))
    elif isinstance(event, ActionExecuted) and _is_shown(dialogue, position, event):
        said = {"bot": event.action_text} if event.name is None else {"action": event.name}
        lines = _indented(dump([said]), "  ")
    elif isinstance(event, SlotSet):
        lines = _indented(dump([{"slot_was_set": [{event.name: event.value}]}]), "  ")
    elif isinstance(event, ActiveLoop):
        lines = _indented(dump([{"active_loop": event.name}]), "  ")
    else:
        return []
    note = dialogue.notes.get(position)
    if note is not None:
        lines[0] += f"  # {' '.join(note.split())}"
    return lines


def _is_shown(dialogue: Dialogue, position: int, event: ActionExecuted) -> bool:
    """Tell whether an action has a line: one that stories leave out only with a note."""
    return event.name not in _HIDDEN_ACTIONS or position in dialogue.notes


def _uses_text(events: Sequence[Event], position: int) -> bool:
    """Tell whether the prediction after a user message was made from its text."""
    for event in events[position + 1 :]:
        if isinstance(event, UserUttered):
            return False
        if isinstance(event, UserFeaturization):
            return event.use_text_for_featurization
    return False


def _yaml_user(event: UserUttered, *, uses_text: bool) -> list[str]:
    intent = event.intent.get("full_retrieval_intent_name") or event.intent_name
    text = _annotated(event)
    lines: list[str] = []
    if intent is not None and not uses_text:
        lines = _indented(dump([{"intent": intent}]), "  ")
    if event.text is None:
        return lines + _entity_lines(event)
    said = _literal(text) or _indented(dump([{"user": text}]), "  ")
    if lines:
        said[0] = said[0].replace("  - ", "    ", 1)
    return lines + said


def _entity_lines(event: UserUttered) -> list[str]:
    """Return the entities of a message without text."""
    if not event.entities:
        return []
    listed = [entity_item(entity) for entity in event.entities]
    return _indented(dump({"entities": listed}), "    ")


def _literal(text: str) -> list[str]:
    """Return the message as a literal block, which is what the originals write."""
    written = dump({"user": f"{text}\nx"}).split("\n")
    if written[0] != "user: |-" or text != text.strip() or not text:
        return []
    body = ["      " + line[2:] if line else "" for line in written[1:-2]]
    return ["  - user: |-", *body]


def _annotated(event: UserUttered) -> str:
    try:
        return annotated_text(event)
    except DataError:
        return event.text or ""


def _indented(text: str, pad: str) -> list[str]:
    return [f"{pad}{line}" if line else "" for line in text.rstrip("\n").split("\n")]


def dump_markdown(dialogue: Dialogue, *, end_to_end: bool = True) -> str:
    """Return a story of 0.x. events: those in force.

    end_to_end: with messages; otherwise only intents and entities. Turns that a form expects
    are marked `form: `, so that reading the story again leaves them out.
    """
    lines = [f"## {dialogue.name}\n"]
    lines += _FormWriter(end_to_end).lines(dialogue)
    return "".join(lines)


class _FormWriter:
    """Writes lines; holds those back that the form may still turn out to expect."""

    def __init__(self, end_to_end: bool) -> None:
        self._end_to_end = end_to_end
        self._form: str | None = None
        self._is_rejected = False
        self._held: list[tuple[str, str]] = []

    def lines(self, dialogue: Dialogue) -> Iterator[str]:
        """Yield the lines of a conversation."""
        for position, event in enumerate(dialogue.events):
            note = dialogue.notes.get(position)
            end = "\n" if note is None else f"   <!-- {_comment(note)} -->\n"
            yield from self._event(event, end, is_noted=note is not None)
        yield from self._release(_FORM)

    def _event(self, event: Event, end: str, *, is_noted: bool) -> Iterator[str]:
        if isinstance(event, ActionExecutionRejected):
            self._is_rejected = self._is_rejected or event.name == self._form
        elif isinstance(event, UserUttered):
            yield from self._line("* ", self._message(event) + end)
        elif isinstance(event, ActionExecuted):
            if event.name not in _HIDDEN_ACTIONS or is_noted:
                yield from self._action(event.name or event.action_text or "", end)
        elif isinstance(event, ActiveLoop):
            yield from self._release(_FORM)
            self._form, self._is_rejected = event.name, False
            yield f"    - {event_line(event)}{end}"
        else:
            yield from self._other(event, end)

    def _other(self, event: Event, end: str) -> Iterator[str]:
        line = event_line(event)
        if line is None:
            return
        if isinstance(event, SlotSet) and self._held:
            self._held.append(("", f"    - {line}{end}"))
        else:
            yield f"    - {line}{end}"

    def _line(self, mark: str, rest: str) -> Iterator[str]:
        if self._form is None:
            yield mark + rest
        else:
            self._held.append((mark, rest))

    def _action(self, name: str, end: str) -> Iterator[str]:
        mark, rest = "    - ", name + end
        if self._form is None:
            yield mark + rest
        elif name != self._form and not self._is_rejected:
            self._held.append((mark, rest))
        elif name != self._form:
            yield from self._release("")
            yield mark + rest
        else:
            prefix = _FORM
            if self._is_rejected:
                # The originals mark that the form takes over again after an unexpected turn.
                yield f"{mark}{ACTION_LISTEN}\n"
                prefix = _FORM if self._held else ""
                self._is_rejected = False
            yield from self._release(_FORM)
            yield mark + prefix + rest

    def _release(self, prefix: str) -> Iterator[str]:
        for mark, rest in self._held:
            yield f"{mark}{prefix}{rest}" if mark else rest
        self._held = []

    def _message(self, event: UserUttered) -> str:
        if not self._end_to_end:
            return intent_line(msgspec.structs.replace(event, text=None))
        return f"{event.intent_name}: {_inline(bracketed(event))}"


def bracketed(event: UserUttered) -> str:
    """Return the message with its entities as the originals write them, whatever they contain."""
    text, done, written = event.text or "", 0, ""
    for entity in sorted(event.entities, key=lambda one: str(one.get("start")).zfill(9)):
        start, end = entity.get("start"), entity.get("end")
        if not isinstance(start, int) or not isinstance(end, int):
            continue
        if not done <= start < end <= len(text):
            continue
        surface, value = text[start:end], str(entity.get("value"))
        meaning = "" if value == surface else f":{value}"
        written += f"{text[done:start]}[{surface}]({entity.get('entity')}{meaning})"
        done = end
    return written + text[done:]


def _comment(note: str) -> str:
    return _inline(note).replace("-->", "-- >")


def _inline(text: str) -> str:
    return " ".join(text.split("\n"))
