"""A training run: a project in memory in, a model in memory out.

Rule: everything that can be checked is checked before anything is learned; the same project,
settings and identity give the same bytes.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import msgspec

import tertulia
from tertulia.base.diagnostics import Diagnostics
from tertulia.base.ports import Clock, IdSource
from tertulia.core.domain.model import Domain, Generation
from tertulia.core.states import StateTable, training_history
from tertulia.core.tracker import rules_for
from tertulia.data.generate import Conversations, generate
from tertulia.data.source_files import shown_names
from tertulia.data.yaml import Node
from tertulia.ml.collector import collecting_rarely
from tertulia.model.content import Content
from tertulia.model.load import domain_entries, pipeline_entries, policy_entries
from tertulia.model.manifest import Kind, Manifest
from tertulia.model.settings import CONFIG, ModelSettings, settings_bytes
from tertulia.nlu.pipeline import train_pipeline
from tertulia.nlu.word_vectors import with_word_vectors
from tertulia.policies.policy import Policy, PolicyTraining
from tertulia.policies.registry import PolicyChoice, train_policies
from tertulia.policies.story_moments import StoryMoments
from tertulia.training.fingerprint import Fingerprints, Plan, files_of, plan
from tertulia.training.plain import without_places
from tertulia.training.prepare import Prepared, Settings, fingerprints_of, prepare, wanted
from tertulia.training.progress import Listener, Track
from tertulia.training.project import ProjectData

STORIES = "stories"
"""The stage in which stories become example conversations."""

_LEGACY_HISTORY = 5
"""How far policies of 0.x look back when their settings do not say."""


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """What tells this model from one with the same content. created: ISO 8601, UTC."""

    model_id: str
    created: str


def new_identity(clock: Clock, ids: IdSource) -> Identity:
    """Return an identity for a model made now."""
    moment = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(clock.now()))
    return Identity(model_id=ids.new(), created=moment)


def plan_for(
    data: ProjectData, settings: Settings, previous: Manifest | None
) -> tuple[Plan, Fingerprints]:
    """Return what training would do, without doing it.

    Raises:
        ConfigError: there is no data for the wanted parts.
    """
    settings = wanted(data, settings, Diagnostics())
    prints = fingerprints_of(data, settings)
    steps = plan(previous, prints, core=settings.core, nlu=settings.nlu, force=settings.force)
    return steps, prints


@collecting_rarely()
def train(
    data: ProjectData,
    identity: Identity,
    settings: Settings | None = None,
    *,
    previous: Content | None = None,
    progress: Listener | None = None,
) -> Content:
    """Return the trained model; warnings are in the data's diagnostics.

    previous: an older model of the project. What did not change is taken from it, and when
    nothing did, it is returned as it is.

    Raises:
        ProblemsFound: everything that is wrong with the project, together.
        ConfigError: there is no data for the wanted parts, or settings that do not fit them.
    """
    prepared = prepare(data, settings or Settings())
    settings = prepared.settings
    steps = plan(
        previous.manifest if previous else None,
        prepared.prints,
        core=settings.core,
        nlu=settings.nlu,
        force=settings.force,
    )
    if previous is not None and steps.is_empty and _holds_just(previous, settings):
        return previous
    track = Track(_stages(prepared, steps), progress or _ignore, time.monotonic)
    entries = _entries(prepared, steps, previous.entries if previous else {}, track)
    data.diagnostics.raise_if_errors()
    track.finish()
    return Content(
        manifest=_manifest(prepared, identity),
        entries={name: entries[name] for name in sorted(entries)},
    )


def _entries(
    prepared: Prepared, steps: Plan, before: Mapping[str, bytes], track: Track
) -> dict[str, bytes]:
    """Return the new model's entries; what need not be learned again is taken from `before`."""
    data, settings = prepared.data, prepared.settings
    entries = {CONFIG: settings_bytes(_settings(data))}
    if settings.nlu:
        entries |= _train_nlu(prepared, track) if steps.nlu else _taken(before, "nlu/")
    if settings.core:
        entries |= domain_entries(without_places(_domain(data)))
        entries |= _train_core(prepared, track) if steps.core else _taken(before, "policies/")
    return entries


def _stages(prepared: Prepared, steps: Plan) -> list[str]:
    stages: list[str] = []
    if prepared.settings.nlu and steps.nlu:
        whole = with_word_vectors(prepared.pipeline, prepared.data.config.language)
        stages += [component.name for component in whole]
    if prepared.settings.core and steps.core:
        stages += [STORIES, *(choice.name for choice in prepared.policies)]
    return stages


def _train_nlu(prepared: Prepared, track: Track) -> dict[str, bytes]:
    data = prepared.data
    domain = data.domain or Domain(generation=data.generation)
    pipeline = train_pipeline(
        prepared.pipeline,
        data.nlu,
        generation=data.generation,
        diagnostics=data.diagnostics,
        language=data.config.language,
        seed=prepared.settings.seed,
        responses={
            name: [variation.content for variation in variations]
            for name, variations in domain.responses.items()
        },
        progress=lambda _: track.begin(),
        told=track.tell,
    )
    return pipeline_entries(pipeline)


def _train_core(prepared: Prepared, track: Track) -> dict[str, bytes]:
    data, settings = prepared.data, prepared.settings
    domain = _domain(data)
    track.begin()
    table = StateTable(domain)
    history = training_history(table)
    make = partial(
        generate,
        domain=domain,
        rules=rules_for(domain),
        states=history,
        remove_duplicates=settings.remove_duplicates,
        unique_last_states=_unique_last_states(prepared.policies, data.generation),
        seed=settings.seed,
    )
    conversations = Conversations(data.stories, settings.augmentation, make)
    training = PolicyTraining(
        domain=domain,
        table=table,
        conversations=conversations,
        moments=StoryMoments.of(conversations.stories(augmented=True), history),
        diagnostics=data.diagnostics,
        seed=settings.seed,
        progress=lambda _, done: track.tell(done),
        files=shown_names(files_of(data.stories)),
    )
    trained: list[tuple[PolicyChoice, Policy]] = []
    for choice in prepared.policies:
        track.begin()
        trained += train_policies([choice], training)
    data.diagnostics.raise_if_errors()
    return policy_entries(trained)


def _unique_last_states(policies: Sequence[PolicyChoice], generation: Generation) -> int | None:
    """Return after how many equal states two conversations count as one, None for all.

    Source: spec stories.md section 7 (0.x only: the longest memory, when all have an end).
    """
    if generation is Generation.MODERN:
        return None
    histories: list[int] = []
    for choice in policies:
        settings: dict[str, Any] = msgspec.structs.asdict(choice.config)
        if "max_history" not in settings:
            continue
        history = settings["max_history"]
        if history is None:
            return None
        histories.append(_LEGACY_HISTORY if history is msgspec.UNSET else history)
    return max(histories, default=None)


def _domain(data: ProjectData) -> Domain:
    return data.domain or Domain(generation=data.generation)


def _settings(data: ProjectData) -> ModelSettings:
    def written(node: Node | None) -> object:
        return None if node is None else node.plain()

    return ModelSettings(
        language=data.config.language,
        pipeline=written(data.config.pipeline),
        policies=written(data.config.policies),
    )


def _manifest(prepared: Prepared, identity: Identity) -> Manifest:
    data, settings = prepared.data, prepared.settings
    kinds: list[Kind] = []
    prints = prepared.prints.as_dict()
    if settings.core:
        kinds.append("core")
    if settings.nlu:
        kinds.append("nlu")
    kept = {*kinds, "domain"} if settings.core else {*kinds}
    return Manifest(
        product=tertulia.__version__,
        model_id=identity.model_id,
        created=identity.created,
        generation=data.generation.value,
        nlu_generation=data.generation.value if settings.nlu else None,
        kinds=tuple(kinds),
        assistant_id=data.assistant_id,
        language=data.config.language,
        fingerprints={part: value for part, value in prints.items() if part in kept},
    )


def _holds_just(previous: Content, settings: Settings) -> bool:
    kinds = previous.manifest.kinds
    return ("core" in kinds) == settings.core and ("nlu" in kinds) == settings.nlu


def _taken(entries: Mapping[str, bytes], start: str) -> dict[str, bytes]:
    return {name: data for name, data in entries.items() if name.startswith(start)}


def _ignore(step: object) -> None:
    """Hear of progress and do nothing."""
