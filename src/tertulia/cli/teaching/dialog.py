"""The person's side of interactive learning: what is shown, asked, and done with the answers.

Source: spec evaluation.md section 5.
"""

import asyncio
import logging
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from tertulia.base.errors import DataError, TertuliaError, nearest
from tertulia.cli.talk import Screen
from tertulia.cli.teaching.prompts import Ended, ask, choose, confirm
from tertulia.cli.teaching.save import Saving, save
from tertulia.cli.teaching.session import Session
from tertulia.core.domain.actions import RULE_SNIPPET_ACTION, default_actions
from tertulia.core.domain.model import Domain
from tertulia.core.events import ACTION_LISTEN, UserUttered
from tertulia.core.prediction import Decision
from tertulia.data.nlu import annotate, read_annotations
from tertulia.data.stories.write_yaml import entities_in_place

Json = Any

_NEW_INTENT, _NEW_ACTION = "<create a new intent>", "<create a new action>"
_STATED = re.compile(r"/([^\s{@]+)")
_MOST = 12
"""Actions or intents offered at once; others are typed."""

_SHOWN_SCORE = 0.005
"""Scores below it would be shown as 0.00."""


_turns = logging.getLogger("tertulia.turn")


class _Expected(logging.Filter):
    """Holds back warnings that the domain lacks names which a person has just made up."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line is to be logged."""
        said = record.getMessage()
        return not any(f"'{name}' is not in the domain" in said for name in self.names)


class Dialog:
    """Asks until the person has enough."""

    def __init__(
        self,
        session: Session,
        screen: Screen,
        runner: asyncio.Runner,
        domain: Domain,
        saving: Saving,
    ) -> None:
        self._session = session
        self._screen = screen
        self._run = runner.run
        self._domain = domain
        self._saving = saving
        self._has_explained = False
        self._expected = _Expected()

    def run(self) -> int:
        """Teach until the person quits; return the exit status."""
        click.echo("Ctrl-C shows the menu: undo, fork, start fresh, save. Enter means yes.")
        _turns.addFilter(self._expected)
        try:
            return self._teach()
        finally:
            _turns.removeFilter(self._expected)

    def _teach(self) -> int:
        while True:
            try:
                self._step()
            except KeyboardInterrupt:
                click.echo()
                try:
                    if self._menu():
                        return 0
                except (Ended, KeyboardInterrupt):
                    return self._leave()
            except Ended:
                return self._leave()
            except TertuliaError as error:
                click.secho(str(error), fg="red", err=True)

    def _leave(self) -> int:
        count = len(self._session.stories())
        click.echo(f"{count} conversations were not saved." if count else "Nothing to save.")
        return 0

    def _step(self) -> None:
        if self._session.listens:
            self._take_message()
        else:
            self._take_action()

    def _take_message(self) -> None:
        text = self._screen.chosen(ask("Your input ->"))
        if not text:
            return
        stated = _STATED.match(text)
        if stated is not None and stated[1] not in self._domain.intents:
            click.echo(f"The domain has no intent '{stated[1]}'.")
            return
        self._screen.forget_buttons()
        self._run(self._session.say(text))
        if stated is not None:
            return
        self._show_message(self._session.message)
        if not confirm("Is the intent correct and are all entities labelled correctly?"):
            self._correct(self._session.message)

    def _show_message(self, message: UserUttered) -> None:
        intent = message.intent
        sure = intent.get("confidence") or 0.0
        click.echo(f"  {_annotated(message)}")
        click.echo(f"  intent: {message.intent_name} ({sure:.2f})")

    def _correct(self, message: UserUttered) -> None:
        intent = self._chosen_intent(message)
        click.echo('Mark the entities: [text](type) or [text]{"entity": ..., "value": ...}')
        marked = read_annotations(ask("Message ->", _annotated(message)))
        if marked.text != message.text:
            raise DataError(
                "the text of the message has changed; only its entities can be marked",
                hint="The meaning stays as it was understood. Undo to say something else.",
                code="T393",
            )
        entities = [
            {key: value for key, value in msgspec.structs.asdict(one).items() if value is not None}
            for one in marked.entities
        ]
        self._expected.names.update(one.entity for one in marked.entities)
        parsed: dict[str, Json] = {
            "text": message.text,
            "intent": {"name": intent, "confidence": 1.0},
            "entities": entities,
        }
        self._run(self._session.correct(parsed))

    def _chosen_intent(self, message: UserUttered) -> str:
        ranking: list[Json] = message.parse_data.get("intent_ranking") or []
        ranked = [str(one.get("name")) for one in ranking if one.get("name")]
        sure = {str(one.get("name")): one.get("confidence", 0.0) for one in ranking}
        names = list(dict.fromkeys([*ranked, *self._domain.intents]))
        shown = [f"{name}  {sure[name]:.2f}" if name in sure else name for name in names]
        place = choose("Which intent is it?", [*shown, _NEW_INTENT])
        if place < len(names):
            return names[place]
        name = ask("Name of the new intent:")
        self._expected.names.add(name)
        return name

    def _take_action(self) -> None:
        decision = self._run(self._session.predict())
        sure = decision.confidence or 0.0
        self._show_slots()
        action = decision.action
        if action == ACTION_LISTEN and not self._has_explained:
            click.secho(f"  {ACTION_LISTEN}: the bot waits for your next message.", dim=True)
            self._has_explained = True
        if confirm(f"The bot wants to run '{action}' ({sure:.2f}), correct?"):
            chosen = action
        else:
            chosen = self._chosen_action(decision)
        if self._session.may_skip_validation(chosen):
            slot = self._session.tracker.slots.get("requested_slot")
            if not confirm(f"Should '{chosen}' validate user input to fill the slot '{slot}'?"):
                self._run(self._session.skip_validation())
        self._run(self._session.act(decision, chosen))

    def _show_slots(self) -> None:
        filled = {
            name: value
            for name, value in self._session.tracker.slots.items()
            if value is not None and name != "session_started_metadata"
        }
        if filled:
            shown = ", ".join(f"{name}: {value}" for name, value in filled.items())
            click.secho(f"  slots: {shown}", dim=True)

    def _chosen_action(self, decision: Decision) -> str:
        scores = decision.scores
        names = self._actions_by(scores)
        shown = names[:_MOST]
        offered = [
            f"{name}  {scores[name]:.2f}" if scores.get(name, 0.0) >= _SHOWN_SCORE else name
            for name in shown
        ]
        place = choose("What should the bot do?", [*offered, "<another one>", _NEW_ACTION])
        if place < len(shown):
            return shown[place]
        if place == len(shown):
            return self._named(names, names[_MOST:])
        return self._new_action(ask("Name of the new action:"))

    def _actions_by(self, scores: Mapping[str, float]) -> list[str]:
        """Return all actions, the likeliest first, built-in ones after the bot's own."""
        built_in = frozenset(default_actions(self._domain.generation)) - {ACTION_LISTEN}
        usual = [ACTION_LISTEN, *(one.name for one in self._domain.actions), *self._domain.forms]
        names = dict.fromkeys([*usual, *self._session.new_actions, *scores])
        names.pop(RULE_SNIPPET_ACTION, None)  # a mark in rules, which never runs
        return sorted(names, key=lambda name: (-round(scores.get(name, 0.0), 2), name in built_in))

    def _named(self, names: Sequence[str], others: Sequence[str]) -> str:
        click.echo(f"  {', '.join(others)}")
        while True:
            name = ask("Its name:")
            if name in names:
                return name
            click.echo(f"There is no action '{name}'. {nearest(name, names)}".rstrip())

    def _new_action(self, name: str) -> str:
        text = ask("What should it say?") if name.startswith("utter_") else None
        self._session.add_action(name, text)
        return name

    def _menu(self) -> bool:
        """Do what is chosen; True when the person quits."""
        choices = ("Continue", "Undo", "Fork", "Start fresh", "Save and quit", "Quit")
        chosen = choices[choose("Do what?", choices)]
        if chosen == "Undo":
            done = self._run(self._session.undo())
            click.echo("The last step is taken back." if done else "There is nothing to take back.")
        elif chosen == "Fork":
            self._fork()
        elif chosen == "Start fresh":
            self._run(self._session.start_fresh())
        elif chosen == "Save and quit":
            return self._save()
        return chosen == "Quit"

    def _fork(self) -> None:
        messages = self._session.messages
        if not messages:
            click.echo("Nothing was said yet.")
            return
        shown = [event.text or str(event.intent_name) for _, event in messages]
        place = choose("Before which message?", shown)
        self._run(self._session.fork(messages[place][0]))

    def _save(self) -> bool:
        if not self._session.stories():
            click.echo("Nothing to save.")
            return True
        saving = self._saving
        wanted = msgspec.structs.replace(
            saving,
            stories=Path(ask("Stories to:", str(saving.stories))),
            nlu=Path(ask("Examples to:", str(saving.nlu))),
            domain=Path(ask("Domain to:", str(saving.domain))),
        )
        try:
            for path in save(self._session, self._domain, wanted):
                click.echo(f"written: {path}")
        except TertuliaError as error:
            click.secho(str(error), fg="red", err=True)
            return False
        return True


def _annotated(message: UserUttered) -> str:
    try:
        return annotate(message.text or "", entities_in_place(message))
    except DataError:
        return message.text or ""
