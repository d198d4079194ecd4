"""Fingerprints of what goes into a model, and from them what has to be trained again.

Rule: places in files, the order of keys and the wording of responses are no reason to train,
but for places of stories and rules: policies remember them to explain what they decide.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from tertulia.core.domain.model import Domain
from tertulia.core.events import Event
from tertulia.data.nlu import NluData
from tertulia.data.source_files import short_names
from tertulia.data.stories.model import StepEvent, Story, StoryData, StoryItem
from tertulia.data.stories.placed import PlacedEvents
from tertulia.data.yaml import Node
from tertulia.model.manifest import Manifest
from tertulia.training.plain import plain
from tertulia.training.project import ProjectData

Json = Any

LEARNING = 5
"""Raised when the same data teach something else, or what is learned is kept in another way."""


class Fingerprints(msgspec.Struct, frozen=True, kw_only=True):
    """Hexadecimal hashes. core, nlu: of what is learned. domain: of everything the bot says."""

    core: str
    nlu: str
    domain: str

    def as_dict(self) -> dict[str, str]:
        """Return them by name, as the manifest keeps them."""
        return {"core": self.core, "domain": self.domain, "nlu": self.nlu}


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done. domain: only what the bot says is exchanged, nothing is learned."""

    core: bool
    nlu: bool
    domain: bool

    @property
    def is_empty(self) -> bool:
        """Whether an older model is as good as a new one."""
        return not (self.core or self.nlu or self.domain)


def fingerprints(data: ProjectData, *, product: str, seed: int, augmentation: int) -> Fingerprints:
    """Return the fingerprints of a project under these settings.

    product: version of the program; another one may learn differently.
    """
    common = {
        "product": product,
        "learning": LEARNING,
        "seed": seed,
        "generation": data.generation.value,
    }
    domain = data.domain or Domain(generation=data.generation)
    return Fingerprints(
        core=_hash_of(
            _plain_parts(
                common
                | {
                    "augmentation": augmentation,
                    "policies": _node(data.config.policies),
                    "domain": _learned_domain(domain),
                }
            )
            | {"stories": _stories(data.stories), "places": _places(data.stories)}
        ),
        nlu=_hash(
            common
            | {
                "language": data.config.language,
                "pipeline": _node(data.config.pipeline),
                "data": _nlu(data.nlu),
                "responses": _selected_responses(domain, data.nlu),
            }
        ),
        domain=_hash(plain(domain) | {"assistant_id": data.assistant_id}),
    )


def plan(
    previous: Manifest | None,
    now: Fingerprints,
    *,
    core: bool = True,
    nlu: bool = True,
    force: bool = False,
) -> Plan:
    """Return what to train of the wanted parts when a model from before exists.

    force: train all wanted parts whatever was there before.
    """
    if previous is None or force:
        return Plan(core=core, nlu=nlu, domain=core)
    before = previous.fingerprints
    train_core = core and ("core" not in previous.kinds or before.get("core") != now.core)
    return Plan(
        core=train_core,
        nlu=nlu and ("nlu" not in previous.kinds or before.get("nlu") != now.nlu),
        domain=train_core or (core and before.get("domain") != now.domain),
    )


def files_of(stories: StoryData) -> list[str]:
    """Return the paths of the files that stories and rules stand in, as they were read."""
    spans = (placed.at for story in _all(stories) for placed in story.events())
    return sorted({at.file for at in spans if at is not None})


def _places(stories: StoryData) -> Iterator[bytes]:
    """Yield as JSON where stories and rules stand; the same wherever the project lies."""
    names = short_names(files_of(stories))
    return _listed(
        _json(None if placed.at is None else [names[placed.at.file], placed.at.line])
        for story in _all(stories)
        for placed in story.events()
    )


def _stories(stories: StoryData) -> Iterator[bytes]:
    """Yield the stories and rules as JSON, without places, one after the other."""
    written: dict[int, bytes] = {}

    def each(blocks: Iterable[Story]) -> Iterator[bytes]:
        for block in blocks:
            rest = _plain_parts(plain(replace(block, items=())))
            items = _listed(_item(item, written) for item in _items(block))
            yield b"".join(_mapping(rest | {"items": items}))

    parts: dict[str, Iterable[bytes]] = {
        "rules": _listed(each(stories.rules)),
        "stories": _listed(each(stories.stories)),
        "type": [_json(type(stories).__name__)],
    }
    return _mapping(parts)


def _items(block: Story) -> Iterable[StoryItem | Event]:
    """Return what a story holds: its events as they are where equal ones are one object."""
    return block.items.events if isinstance(block.items, PlacedEvents) else block.items


def _item(item: StoryItem | Event, written: dict[int, bytes]) -> bytes:
    """Return an item as JSON. written: by the identity of events, which live as long as stories."""
    if not isinstance(item, Event):
        return _json(plain(item))
    found = written.get(id(item))
    if found is None:
        found = written[id(item)] = _json(plain(StepEvent(item)))
    return found


def _all(stories: StoryData) -> Iterator[Story]:
    yield from stories.stories
    yield from stories.rules


def _learned_domain(domain: Domain) -> Json:
    """Return what policies learn from: names and features, not wordings or session settings."""
    bare = msgspec.structs.replace(
        domain,
        responses={},
        raw={},
    )
    return [plain(bare), sorted(domain.responses)]


def _nlu(data: NluData) -> Json:
    return {
        "examples": plain(data.examples),
        "synonyms": dict(data.synonyms),
        "regexes": plain(data.regexes),
        "lookups": plain(data.lookups),
    }


def _selected_responses(domain: Domain, nlu: NluData) -> Json:
    """Return the responses that a response selector answers with."""
    starts = tuple(f"utter_{intent}/" for intent in nlu.retrieval_intents)
    if not starts:
        return None
    own = {name: plain(value) for name, value in nlu.responses.items() if name.startswith(starts)}
    return own | {
        name: plain(value) for name, value in domain.responses.items() if name.startswith(starts)
    }


def _node(node: Node | None) -> Json:
    return None if node is None else node.plain()


def _hash(value: Json) -> str:
    return hashlib.sha256(_json(value)).hexdigest()


def _json(value: Json) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _hash_of(parts: Mapping[str, Iterable[bytes]]) -> str:
    """Return what `_hash` would for the mapping, whose values are given as pieces of JSON."""
    digest = hashlib.sha256()
    for piece in _mapping(parts):
        digest.update(piece)
    return digest.hexdigest()


def _plain_parts(values: Mapping[str, Json]) -> dict[str, Iterable[bytes]]:
    return {name: [_json(value)] for name, value in values.items()}


def _mapping(parts: Mapping[str, Iterable[bytes]]) -> Iterator[bytes]:
    """Yield a mapping as JSON, its keys in order."""
    before = b"{"
    for name in sorted(parts):
        yield before + _json(name) + b":"
        yield from parts[name]
        before = b","
    yield b"}"


def _listed(elements: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a list as JSON."""
    before = b"["
    for element in elements:
        yield before + element
        before = b","
    yield b"]" if before == b"," else b"[]"
