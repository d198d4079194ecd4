"""A project for version 3.1: its files as text, and the proof that its stories go the same way.

Rule: nothing is written here; what cannot be carried over is said in notes.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import DomainError
from tertulia.core.domain.model import Domain, Form, Generation
from tertulia.data.domain import read_domain_text
from tertulia.data.nlu import write_yaml as write_nlu
from tertulia.data.stories.model import Story, StoryData
from tertulia.data.stories.read import read_stories_text
from tertulia.data.stories.write_yaml import write_yaml as write_stories
from tertulia.data.yaml import dump
from tertulia.training.migration.domains import FormShape, domain_file, migrated_domain
from tertulia.training.migration.form_code import read_forms
from tertulia.training.migration.replay import Proof, compare, replayed
from tertulia.training.migration.settings import migrated_settings
from tertulia.training.project import ProjectData

Json = Any

DOMAIN, CONFIG = "domain.yml", "config.yml"
NLU, STORIES, RULES = "data/nlu.yml", "data/stories.yml", "data/rules.yml"


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """files: name to text. notes: what a person has to look at. proof: of the stories."""

    files: Mapping[str, str]
    notes: Sequence[str]
    proof: Proof


def migrate_domain(data: ProjectData, code: str = "") -> Migration:
    """Return the domain for 3.1. code: Python of the actions, for the forms of 0.x.

    Raises:
        DomainError: the project has no domain that can be read.
    """
    before = _domain(data)
    forms, notes = _forms(before, code)
    text = dump(domain_file(migrated_domain(before, forms)))
    after = _read_back(text)
    proof = _prove(data.stories, before, data.stories, after)
    return Migration(files={DOMAIN: text}, notes=notes, proof=proof)


def migrate_project(data: ProjectData, code: str = "") -> Migration:
    """Return all files of the project for 3.1.

    Raises:
        DomainError: the project has no domain that can be read.
        DataError: something in the data cannot be written as YAML (T358).
    """
    domain = migrate_domain(data, code)
    settings = migrated_settings(data)
    files = dict(domain.files)
    files[CONFIG] = dump(settings.content)
    if data.nlu.examples:
        files[NLU] = write_nlu(data.nlu)
    stories = [_plain(story) for story in data.stories.stories]
    rules = [*data.stories.rules, *settings.rules]
    if stories:
        files[STORIES] = write_stories(stories)
    if rules:
        files[RULES] = write_stories(rules)
    after = _read_back(files[DOMAIN])
    written = _read_stories(files)
    proof = _prove(data.stories, _domain(data), written, after)
    return Migration(files=files, notes=domain.notes, proof=proof)


def _domain(data: ProjectData) -> Domain:
    if data.declared is None:
        raise DomainError("there is no domain to migrate", hint="Name it with --domain.")
    return data.declared


def _forms(domain: Domain, code: str) -> tuple[list[FormShape], list[str]]:
    """Return the shapes of the forms whose logic was on the action server, and what is unsure."""
    remote = [form for form in domain.forms.values() if form.is_remote]
    if not remote:
        return [], []
    found, unread = read_forms(code)
    by_name = {shape.name: shape for shape in found}
    notes = [f"the class {name} is not plain code; its form was guessed" for name in unread]
    shapes: list[FormShape] = []
    for form in remote:
        shape = by_name.get(form.name)
        if shape is None:
            shape = _guessed(form, domain)
            notes.append(
                f"the form '{form.name}' asks for what has a response 'utter_ask_…': "
                f"{', '.join(shape.slots) or 'nothing'}. Compare with its code (--actions)."
            )
        shapes.append(shape)
        notes.append(
            f"the form '{form.name}' runs in the server now: move what its code validates and "
            f"submits to 'validate_{form.name}' and to an action after it"
        )
    return shapes, notes


def _guessed(form: Form, domain: Domain) -> FormShape:
    asked = [
        slot
        for slot in domain.slots
        if f"utter_ask_{form.name}_{slot}" in domain.responses
        or f"utter_ask_{slot}" in domain.responses
    ]
    return FormShape(name=form.name, slots=tuple(asked))


def _read_back(text: str) -> Domain:
    diagnostics = Diagnostics()
    found = read_domain_text(
        text, file=DOMAIN, generation=Generation.MODERN, diagnostics=diagnostics
    )
    diagnostics.raise_if_errors()
    if found is None:
        raise AssertionError("a domain was written and is not there")
    return found


def _read_stories(files: Mapping[str, str]) -> StoryData:
    diagnostics = Diagnostics()
    found = StoryData()
    for name in (STORIES, RULES):
        if name in files:
            found += read_stories_text(files[name], file=name, domain=None, diagnostics=diagnostics)
    diagnostics.raise_if_errors()
    return found


def _prove(before: StoryData, old: Domain, after: StoryData, new: Domain) -> Proof:
    own = {*old.slots}
    return compare(_only(replayed(before, old), own), _only(replayed(after, new), own))


def _only(found: Mapping[str, Iterable[Json]], slots: set[str]) -> dict[str, list[Json]]:
    """Return the steps with the slots that both domains know."""
    return {
        name: [
            replace(one, slots=tuple(pair for pair in one.slots if pair[0] in slots))
            for one in moments
        ]
        for name, moments in found.items()
    }


def _plain(story: Story) -> Story:
    return replace(story, is_test=False)
