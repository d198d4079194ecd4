"""Reads a whole project: configuration, domain, NLU data, stories, with all problems together.

Rule: reading never stops at the first problem; who wants to go on asks `raise_if_errors` first.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.source import SourceSpan
from tertulia.core.domain.model import Dialect, Domain, Generation, Variation
from tertulia.core.events import ActionExecuted
from tertulia.data.domain import read_domain, with_e2e_actions, with_retrieval_intents
from tertulia.data.domain.dialect import FileDialect
from tertulia.data.domain.reader import Reader
from tertulia.data.domain.responses import read_responses
from tertulia.data.nlu import NluData, read_nlu
from tertulia.data.stories.model import Story, StoryData
from tertulia.data.stories.read import read_stories
from tertulia.data.yaml import Entry, Key, Node
from tertulia.training.config import ProjectConfig, read_config

_NO_ASSISTANT = "unnamed"


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """Where a project lies.

    config: one file, or of 0.x the NLU and the policy file. domain: files and folders; none for
    an NLU model without a domain. nlu, stories: files and folders; a path may be in both.
    generation: overrides what names and formats tell. env: variables for `${NAME}`.
    """

    config: tuple[Path, ...] = ()
    domain: tuple[Path, ...] = ()
    nlu: tuple[Path, ...] = ()
    stories: tuple[Path, ...] = ()
    generation: Generation | None = None
    env: Mapping[str, str] = {}


class ProjectData(msgspec.Struct, frozen=True, kw_only=True):
    """A project in memory. With errors in `diagnostics` it is only good for finding more.

    domain: with what the training data adds to it; None when the project has none or it cannot
    be read. declared: the same as its files say. generation: decided once, for everything.
    """

    config: ProjectConfig
    generation: Generation
    domain: Domain | None
    declared: Domain | None
    nlu: NluData
    stories: StoryData
    diagnostics: Diagnostics

    @property
    def assistant_id(self) -> str:
        """Return the bot's name on its events."""
        return self.config.assistant_id or _NO_ASSISTANT


def read_project(project: Project) -> ProjectData:
    """Return the project; what is wrong with any of its files is in the diagnostics."""
    diagnostics = Diagnostics()
    config = read_config(project.config, env=project.env, diagnostics=diagnostics)
    generation = project.generation or config.generation
    declared: Domain | None = None
    if project.domain:
        declared = read_domain(
            project.domain, env=project.env, generation=generation, diagnostics=diagnostics
        )
    if declared is not None:
        generation = declared.generation
    nlu = read_nlu(project.nlu, env=project.env, diagnostics=diagnostics)
    domain = None if declared is None else _with_nlu(declared, nlu, diagnostics)
    stories = StoryData()
    if project.stories:
        stories = read_stories(
            project.stories, domain=domain, env=project.env, diagnostics=diagnostics
        )
    if domain is not None:
        domain = with_e2e_actions(domain, _bot_texts((*stories.stories, *stories.rules)))
    return ProjectData(
        config=config,
        generation=generation or Generation.MODERN,
        domain=domain,
        declared=declared,
        nlu=nlu,
        stories=stories,
        diagnostics=diagnostics,
    )


def _with_nlu(domain: Domain, nlu: NluData, diagnostics: Diagnostics) -> Domain:
    return with_retrieval_intents(
        domain, nlu.retrieval_intents, _responses(nlu, domain.dialect, diagnostics)
    )


def _responses(
    nlu: NluData, dialect: Dialect, diagnostics: Diagnostics
) -> dict[str, tuple[Variation, ...]]:
    """Return the responses that stand in NLU files, read as those of the domain are."""
    entries: dict[str, Entry] = {}
    for name, nodes in nlu.responses.items():
        at = nodes[0].span if nodes else SourceSpan("")
        entries[name] = Entry(Key(name, name, at), Node(nodes, at))
    # A file of NLU data states its own version, not the domain's, so it is not held to it.
    reader = Reader(FileDialect(dialect), diagnostics)
    found = read_responses(Node(entries, SourceSpan("")), reader)
    return {name: entry.value for name, entry in found.items()}


def _bot_texts(stories: Iterable[Story]) -> list[str]:
    """Return what the bot says in stories without naming a response."""
    return [
        placed.event.action_text
        for story in stories
        for placed in story.events()
        if isinstance(placed.event, ActionExecuted) and placed.event.action_text
    ]
