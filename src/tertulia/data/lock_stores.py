"""Reads the section `lock_store` of endpoints.yml.

Rule: a kind that does not exist is an error; nothing takes its place silently.

Source: spec endpoints.md section 8.
"""

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.data.kinds import kind_node
from tertulia.data.yaml import Node
from tertulia.data.yaml.settings import convert_settings
from tertulia.schema.locks import LockConfig, MemoryLocks, PostgresLocks, RedisLocks

KINDS: dict[str, type[LockConfig]] = {
    "in_memory": MemoryLocks,
    "redis": RedisLocks,
    "postgres": PostgresLocks,
}
"""Value of `type`, in lower case, to the shape of the section."""

_ALSO = {
    "postgresql": "postgres",
    "rasa.core.lock_store.inmemorylockstore": "in_memory",
    "rasa.core.lock_store.redislockstore": "redis",
}


def read_lock_store(section: Node | None, diagnostics: Diagnostics) -> LockConfig | None:
    """Return what the section says; None when there is none, and when it has a mistake."""
    if section is None or section.is_null:
        return None
    if not section.is_map:
        diagnostics.error(
            "T139", "'lock_store' must be a mapping", hint="Write `type: ...`.", at=section.span
        )
        return None
    node = kind_node(section)
    written = "in_memory" if node is None else str(node.plain())
    kind = _ALSO.get(written.lower(), written.lower())
    if kind not in KINDS:
        hint = nearest(kind, [*KINDS]) or f"Known: {', '.join(KINDS)}."
        at = section.span if node is None else node.span
        diagnostics.error("T138", f"there is no lock store '{written}'", hint=hint, at=at)
        return None
    return convert_settings(section, KINDS[kind], diagnostics)
