"""Puts a dialogue model and an NLU model together: in 0.x they are two folders.

Source: cli.md section 1, `run -d ... -u ...`.
"""

from collections.abc import Mapping

from msgspec.structs import replace

from tertulia.base.errors import ModelError
from tertulia.model.content import Content
from tertulia.model.manifest import Kind
from tertulia.model.settings import CONFIG, read_settings, settings_bytes

_NLU = "nlu/"
_PARTS: dict[Kind, tuple[str, str]] = {
    "core": ("dialogue policies", "stories"),
    "nlu": ("NLU pipeline", "NLU data"),
}


def combine(core: Content | None, nlu: Content | None) -> Content:
    """Return one model that decides as `core` does and understands as `nlu` does.

    Of `core` everything but its pipeline is taken, and that too when there is no `nlu`. The
    result carries the id of `core`. Given only one, that one.

    Raises:
        ModelError: neither is given, or one of them lacks the part that it is given for.
    """
    if core is not None:
        _needs(core, "core")
    if nlu is not None:
        _needs(nlu, "nlu")
    if core is None or nlu is None:
        alone = core or nlu
        if alone is None:
            raise ModelError(
                "there is no model",
                hint="Name a dialogue model, an NLU model, or both.",
                code="T402",
            )
        return alone
    fingerprints = {**core.manifest.fingerprints, "nlu": nlu.manifest.fingerprints.get("nlu", "")}
    manifest = replace(
        core.manifest,
        kinds=("core", "nlu"),
        language=nlu.manifest.language,
        nlu_generation=nlu.manifest.nlu_generation,
        fingerprints=fingerprints,
    )
    entries = {**_without_nlu(core.entries), **_only_nlu(nlu.entries)}
    decides, understands = read_settings(core), read_settings(nlu)
    entries[CONFIG] = settings_bytes(
        replace(decides, language=understands.language, pipeline=understands.pipeline)
    )
    return Content(manifest=manifest, entries=entries)


def _needs(content: Content, kind: Kind) -> None:
    if kind not in content.manifest.kinds:
        part, source = _PARTS[kind]
        raise ModelError(
            f"the model has no {part}",
            hint=f"Name a model that was trained with {source}.",
            code="T414",
        )


def _without_nlu(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in entries.items() if not name.startswith(_NLU)}


def _only_nlu(entries: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: data for name, data in entries.items() if name.startswith(_NLU)}
