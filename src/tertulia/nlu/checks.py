"""Checks of a whole pipeline: order, duplicates, and whether it uses what the data has.

Source: spec nlu.md section 7.3.
"""

from collections.abc import Sequence

from tertulia.base.diagnostics import Diagnostics
from tertulia.data.nlu import NluData
from tertulia.nlu.component import TOKENS
from tertulia.nlu.components import TAGGERS, find_component
from tertulia.nlu.config import ComponentConfig
from tertulia.nlu.featurizers.shapes import wants_tags

_PROVIDERS = {
    "a reading by spaCy": "SpacyNLP",
    "tokens": "a tokenizer, such as WhitespaceTokenizer",
    "features": "a featurizer, such as CountVectorsFeaturizer",
    "an intent": "an intent classifier",
    "entities": "an entity extractor",
}
# Parts of a pipeline without which the consumer does nothing, but does no harm either.
_OPTIONAL = frozenset({"entities"})


def check_pipeline(configs: Sequence[ComponentConfig], diagnostics: Diagnostics) -> None:
    """Note missing or late components, a second tokenizer, and aliases used twice."""
    _order(configs, diagnostics)
    _tokenizers(configs, diagnostics)
    _aliases(configs, diagnostics)
    _taggers(configs, diagnostics)
    _parts_of_speech(configs, diagnostics)


def check_against_data(
    configs: Sequence[ComponentConfig], data: NluData, diagnostics: Diagnostics
) -> None:
    """Note data that no component of the pipeline learns from."""
    names = {config.name for config in configs}
    _entities(configs, data, diagnostics)
    if data.synonyms and "EntitySynonymMapper" not in names:
        _unused("T174", configs, "the data defines synonyms", "EntitySynonymMapper", diagnostics)
    if data.retrieval_intents and "ResponseSelector" not in names:
        _unused("T175", configs, "the data has retrieval intents", "ResponseSelector", diagnostics)
    patterns = {"RegexFeaturizer", "RegexEntityExtractor"}
    if (data.regexes or data.lookups) and not names & patterns:
        _unused(
            "T172",
            configs,
            "the data has regexes or lookup tables",
            "RegexFeaturizer or RegexEntityExtractor",
            diagnostics,
        )
    _lookups_without_pattern(configs, data, diagnostics)
    _overlap(configs, data, diagnostics)


def _order(configs: Sequence[ComponentConfig], diagnostics: Diagnostics) -> None:
    provided: set[str] = set()
    everything = {need for one in configs for need in find_component(one.name).provides}
    for config in configs:
        found = find_component(config.name)
        for need in sorted(found.requires - provided - _OPTIONAL):
            late = need in everything
            diagnostics.error(
                "T165",
                f"{config.name} needs {_PROVIDERS.get(need, need)} before it"
                + (", not after it" if late else ""),
                hint="Move it up." if late else "Add one further up in the pipeline.",
                at=config.at,
            )
        provided |= found.provides


def _tokenizers(configs: Sequence[ComponentConfig], diagnostics: Diagnostics) -> None:
    tokenizers = [one for one in configs if TOKENS in find_component(one.name).provides]
    for extra in tokenizers[1:]:
        diagnostics.error(
            "T166",
            f"{extra.name} is a second tokenizer",
            hint="Keep one of them.",
            at=extra.at,
        )


def _aliases(configs: Sequence[ComponentConfig], diagnostics: Diagnostics) -> None:
    seen: set[str] = set()
    for config in configs:
        alias = config.params.get("alias")
        if not isinstance(alias, str):
            continue
        if alias in seen:
            diagnostics.error(
                "T167",
                f"the alias '{alias}' is used twice",
                hint="Give each featurizer its own.",
                at=config.at,
            )
        seen.add(alias)


def _taggers(configs: Sequence[ComponentConfig], diagnostics: Diagnostics) -> None:
    taggers = [one for one in configs if _tags(one)]
    if len(taggers) > 1:
        names = " and ".join(one.name for one in taggers)
        diagnostics.warning(
            "T176",
            f"{names} all learn entities, so each entity may be found more than once",
            hint="Keep one; `entity_recognition: false` switches DIETClassifier's off.",
            at=taggers[1].at,
        )


def _parts_of_speech(configs: Sequence[ComponentConfig], diagnostics: Diagnostics) -> None:
    if any(one.name == "SpacyTokenizer" for one in configs):
        return
    for config in configs:
        if wants_tags(config.params.get("features") or ()):
            diagnostics.error(
                "T524",
                f"{config.name} asks for parts of speech (`pos`), which nobody here tells",
                hint="Tokenise with SpacyTokenizer, or leave `pos` and `pos2` out of `features`.",
                at=config.at,
            )


def _tags(config: ComponentConfig) -> bool:
    return (
        find_component(config.name).trainable_entities
        and config.params.get("entity_recognition") is not False
    )


def _entities(configs: Sequence[ComponentConfig], data: NluData, diagnostics: Diagnostics) -> None:
    if any(_tags(one) for one in configs):
        return
    learners = "DIETClassifier or CRFEntityExtractor"
    annotated = [entity for one in data.examples for entity in one.entities]
    by_pattern = any(one.name == "RegexEntityExtractor" for one in configs)
    if annotated and not by_pattern:
        _unused("T170", configs, "the data has annotated entities", learners, diagnostics)
    if any(one.role or one.group for one in annotated):
        what = "the data has entities with roles or groups"
        _unused("T171", configs, what, learners, diagnostics)


def _lookups_without_pattern(
    configs: Sequence[ComponentConfig], data: NluData, diagnostics: Diagnostics
) -> None:
    if not data.lookups:
        return
    for config in configs:
        windows = config.params.get("features")
        if config.name != "CRFEntityExtractor" or windows is None:
            continue
        if "pattern" not in str(windows):
            diagnostics.warning(
                "T173",
                "the lookup tables do not reach CRFEntityExtractor: its features lack `pattern`",
                hint="Add `pattern` to the middle list of `features`.",
                at=config.at,
            )


def _overlap(configs: Sequence[ComponentConfig], data: NluData, diagnostics: Diagnostics) -> None:
    if not any(_tags(one) for one in configs):
        return
    named = {one.name for one in data.regexes} | {one.name for one in data.lookups}
    both = sorted(named & set(data.entity_types))
    for config in configs:
        if config.name == "RegexEntityExtractor" and both:
            diagnostics.warning(
                "T177",
                f"the entities {', '.join(both)} are found by patterns and by "
                f"{' or '.join(sorted(TAGGERS))} as well, so they may appear twice",
                hint="Rename the patterns, or leave one of the extractors out.",
                at=config.at,
            )


def _unused(
    code: str,
    configs: Sequence[ComponentConfig],
    what: str,
    component: str,
    diagnostics: Diagnostics,
) -> None:
    diagnostics.warning(
        code,
        f"{what}, but no component of the pipeline uses them",
        hint=f"Add {component}.",
        at=configs[0].at if configs else None,
    )
