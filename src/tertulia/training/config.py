"""Reads config.yml, and the separate NLU and policy files of 0.x, to one configuration.

Rule: what a file leaves out is filled from a list that is named as a place of its own, so that a
problem in a default never points to a person's file.

Source: spec nlu.md section 7, policies.md section 1.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.base.source import SourceSpan
from tertulia.compat.generations import (
    LEGACY_COMPONENTS,
    LEGACY_POLICIES,
    LEGACY_PREFIXES,
    MODERN_COMPONENTS,
    MODERN_POLICIES,
)
from tertulia.compat.nlu_names import OLD_NAMES, TEMPLATES
from tertulia.core.domain.model import Generation
from tertulia.data.yaml import Entry, Node, YamlRules, convert, parse, read_text
from tertulia.schema.config import (
    DEFAULT_LANGUAGE,
    DEFAULT_RECIPE,
    SERVER_SETTINGS,
    SETTINGS,
    ConfigFile,
)

_READ_ELSEWHERE = frozenset({"pipeline", "policies", "policy", "imports", *SERVER_SETTINGS})
_PLACEHOLDER_ID = "placeholder_default"
_FILE_IMPORTERS = frozenset({"RasaFileImporter", "rasa.shared.importers.rasa.RasaFileImporter"})


class ProjectConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the configuration says.

    generation: None when no name in it decides. pipeline, policies: as written, None when left
    out or empty. states_language: the language was not left out. places: file by file, for
    messages about what is missing.
    """

    generation: Generation | None = None
    language: str = DEFAULT_LANGUAGE
    states_language: bool = False
    assistant_id: str | None = None
    pipeline: Node | None = None
    policies: Node | None = None
    places: tuple[SourceSpan, ...] = ()

    @property
    def place(self) -> SourceSpan | None:
        """The first file, for messages about what is in none of them."""
        return self.places[0] if self.places else None


def read_config(
    paths: Sequence[Path], *, env: Mapping[str, str] | None = None, diagnostics: Diagnostics
) -> ProjectConfig:
    """Return what the files say together; problems are noted.

    In 0.x one file holds the pipeline and another the policies: each key may come from any file,
    but only from one. env: variables for `${NAME}` in unquoted values.
    """
    texts: list[tuple[str, str]] = []
    for path in paths:
        text = read_text(path, diagnostics=diagnostics)
        if text is not None:
            texts.append((str(path), text))
    return read_config_texts(texts, env=env, diagnostics=diagnostics)


def read_config_texts(
    texts: Sequence[tuple[str, str]],
    *,
    env: Mapping[str, str] | None = None,
    diagnostics: Diagnostics,
) -> ProjectConfig:
    """Return what these texts say together, as `read_config` does. texts: label and content."""
    roots, generation = _parsed(texts, env, diagnostics)
    for root in roots:
        _check_keys(root, diagnostics)
        _check_recipe(root, diagnostics)
        _check_importers(root, diagnostics)
    merged = _merge(roots, diagnostics)
    plain = _first_of([_plain(root, diagnostics) for root in roots])
    return ProjectConfig(
        generation=generation,
        language=plain.language or DEFAULT_LANGUAGE,
        states_language=bool(plain.language),
        assistant_id=None if plain.assistant_id == _PLACEHOLDER_ID else plain.assistant_id,
        pipeline=_filled(merged.get("pipeline")),
        policies=_filled(merged.get("policies")),
        places=tuple(SourceSpan(file) for file, _ in texts),
    )


def _parsed(
    texts: Sequence[tuple[str, str]], env: Mapping[str, str] | None, diagnostics: Diagnostics
) -> tuple[list[Node], Generation | None]:
    """Return the mappings in the texts, read by the rules of their generation."""
    roots = [parse(text, file=file, env=env, diagnostics=diagnostics) for file, text in texts]
    generation = generation_of([root for root in roots if root is not None])
    if generation is Generation.LEGACY:
        # What is wrong with the text as such was noted by the first reading.
        again = [
            parse(text, file=file, rules=YamlRules.V1_1, env=env, diagnostics=Diagnostics())
            for file, text in texts
        ]
        roots = [new or old for new, old in zip(again, roots, strict=True)]
    return [root for root in roots if root and _is_map(root, diagnostics)], generation


def _first_of(files: Sequence[ConfigFile]) -> ConfigFile:
    """Return what the files say of language and name, the first that says something."""
    return ConfigFile(
        language=next((file.language for file in files if file.language), None),
        assistant_id=next((file.assistant_id for file in files if file.assistant_id), None),
    )


def generation_of(roots: Sequence[Node]) -> Generation | None:
    """Return the generation whose names a configuration uses, None when none decides.

    In the transitional releases both kinds of names can meet. What only the modern generation
    has then counts more: a rule policy or a fallback classifier cannot work in the other.
    """
    signs = [sign for root in roots for sign in _signs(root)]
    if Generation.MODERN in signs:
        return Generation.MODERN
    return Generation.LEGACY if signs else None


def _signs(root: Node) -> Iterator[Generation]:
    if root.get("recipe") or root.get("assistant_id"):
        yield Generation.MODERN
    pipeline = root.get("pipeline")
    if pipeline is not None and isinstance(pipeline.value, str) and pipeline.value in TEMPLATES:
        yield Generation.LEGACY
    for name in _names(pipeline):
        if name in LEGACY_COMPONENTS or (name in OLD_NAMES and name.islower()):
            yield Generation.LEGACY
        elif name in MODERN_COMPONENTS:
            yield Generation.MODERN
    for policies in (root.get("policies"), root.get("policy")):
        yield from filter(None, map(_sign_of_policy, _names(policies)))


def _sign_of_policy(name: str) -> Generation | None:
    short = name.rpartition(".")[2]
    if short in LEGACY_POLICIES or name.startswith(LEGACY_PREFIXES):
        return Generation.LEGACY
    return Generation.MODERN if short in MODERN_POLICIES else None


def _names(components: Node | None) -> Iterator[str]:
    for component in components.elements() if components is not None else ():
        name = component.get("name") or component
        if isinstance(name.value, str):
            yield name.value


def _is_map(root: Node, diagnostics: Diagnostics) -> bool:
    if root.is_map:
        return True
    if not root.is_null:
        diagnostics.error(
            "T130",
            f"a configuration must be a mapping, got {root.kind}",
            hint="Write 'language:', 'pipeline:' and 'policies:' as keys of the file.",
            at=root.span,
        )
    return False


def _plain(root: Node, diagnostics: Diagnostics) -> ConfigFile:
    kept: dict[str, Entry] = {
        key.text: Entry(key, node)
        for key, node in root.items()
        if key.text in SETTINGS and key.text not in _READ_ELSEWHERE and not node.is_null
    }
    plain = Node(kept, root.span)
    # Unquoted versions and codes such as `no` are what people write; they are read as text.
    texts = {
        name: Entry(entry.key, Node(entry.node.text, entry.node.span, entry.node.text))
        for name, entry in kept.items()
        if name in {"language", "version", "assistant_id"} and entry.node.is_scalar
    }
    plain = Node({**kept, **texts}, root.span)
    return convert(plain, ConfigFile, diagnostics=diagnostics) or ConfigFile()


def _merge(roots: Sequence[Node], diagnostics: Diagnostics) -> dict[str, Node]:
    found: dict[str, Node] = {}
    for root in roots:
        for key, node in root.items():
            name = "policies" if key.text == "policy" else key.text
            if name not in {"pipeline", "policies"} or node.is_null:
                continue
            earlier = found.setdefault(name, node)
            if earlier is not node:
                diagnostics.error(
                    "T132",
                    f"'{name}' is also in {earlier.span}",
                    hint="Keep one of the two.",
                    at=key.span,
                )
    return found


def _check_keys(root: Node, diagnostics: Diagnostics) -> None:
    for key in root.all_keys():
        if key.text in SERVER_SETTINGS:
            diagnostics.warning(
                "T133",
                f"'{key.text}' has no effect here",
                hint="It is an option of the command line.",
                at=key.span,
            )
        elif key.text not in SETTINGS:
            diagnostics.warning(
                "T131",
                f"there is no setting '{key.text}'; it has no effect",
                hint=nearest(key.text, SETTINGS) or f"Known: {', '.join(sorted(SETTINGS))}.",
                at=key.span,
            )


def _check_recipe(root: Node, diagnostics: Diagnostics) -> None:
    recipe = root.get("recipe")
    if recipe is None or recipe.is_null or recipe.value == DEFAULT_RECIPE:
        return
    diagnostics.error(
        "T134",
        f"there is no recipe '{recipe.text or recipe.kind}'",
        hint=f"Write 'recipe: {DEFAULT_RECIPE}' with 'pipeline:' and 'policies:'.",
        at=recipe.span,
    )


def _check_importers(root: Node, diagnostics: Diagnostics) -> None:
    importers = root.get("importers")
    for importer in importers.elements() if importers is not None else ():
        name = importer.get("name")
        if name is not None and name.value not in _FILE_IMPORTERS:
            diagnostics.warning(
                "T135",
                f"the importer '{name.text}' is not used; data is read from the given files",
                hint="Write what it supplies to files, and give their paths.",
                at=importer.span,
            )
    imports = root.key("imports")
    if imports is not None:
        diagnostics.warning(
            "T135",
            "'imports' is not followed; data is read from the given files",
            hint="Give the paths of all projects together.",
            at=imports.span,
        )


def _filled(node: Node | None) -> Node | None:
    """Return None for what is empty: an empty list asks for the default, as no list does."""
    return None if node is None or node.value in (None, (), "", {}) else node
