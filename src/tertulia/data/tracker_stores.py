"""Reads the section `tracker_store` of endpoints.yml.

Rule: a kind that does not exist is an error; nothing takes its place silently.

Source: spec endpoints.md section 6.
"""

from typing import Any

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.data.kinds import kind_meant, kind_node
from tertulia.data.yaml import Node
from tertulia.data.yaml.settings import convert_settings
from tertulia.schema.stores import (
    CustomStore,
    DynamoStore,
    MongoStore,
    RedisStore,
    SqlStore,
    StoreConfig,
)

KINDS: dict[str, type[StoreConfig]] = {
    "sql": SqlStore,
    "redis": RedisStore,
    "mongod": MongoStore,
    "dynamo": DynamoStore,
}
"""Value of `type`, in lower case, to the shape of the section."""

IN_MEMORY = ("in_memory", "inmemorytrackerstore")
DIALECTS = ("sqlite", "postgresql", "mysql", "mariadb")
_CLASSES = {
    "sqltrackerstore": "sql",
    "redistrackerstore": "redis",
    "mongotrackerstore": "mongod",
    "dynamotrackerstore": "dynamo",
}


def read_tracker_store(section: Node | None, diagnostics: Diagnostics) -> StoreConfig | None:
    """Return what the section says; None for the project's own file, and when it has a mistake."""
    if section is None or section.is_null:
        return None
    if not section.is_map:
        diagnostics.error(
            "T139", "'tracker_store' must be a mapping", hint="Write `type: ...`.", at=section.span
        )
        return None
    node = kind_node(section)
    kind = "" if node is None else kind_meant(str(node.plain()), _CLASSES)
    if kind in IN_MEMORY:
        return None
    if node is None:
        _check_is_empty(section, diagnostics)
        return None
    if "." in kind:
        return _custom(section, str(node.plain()))
    if kind not in KINDS:
        known = (*KINDS, IN_MEMORY[0])
        hint = nearest(kind, known) or f"Known: {', '.join(known)}."
        what = f"there is no tracker store '{node.plain()}'"
        diagnostics.error("T138", what, hint=hint, at=node.span)
        return None
    return _checked(section, convert_settings(section, KINDS[kind], diagnostics), diagnostics)


def dialect_of(config: SqlStore) -> str:
    """Return the database's kind: of an address with a scheme, or of `dialect`; no driver."""
    address, scheme, _ = (config.url or "").partition("://")
    return (address if scheme else config.dialect).partition("+")[0].lower().strip()


def _checked(section: Node, config: Any, diagnostics: Diagnostics) -> Any:
    if isinstance(config, SqlStore) and dialect_of(config) not in DIALECTS:
        place = section.get("dialect") or section
        dialect = dialect_of(config)
        diagnostics.error(
            "T138",
            f"there is no tracker store for the SQL dialect '{dialect}'",
            hint=nearest(dialect, DIALECTS) or f"Known: {', '.join(DIALECTS)}.",
            at=place.span,
        )
        return None
    return config


def _custom(section: Node, path: str) -> CustomStore:
    arguments = {
        key.text: value.plain()
        for key, value in section.items()
        if key.text not in ("type", "store_type")
    }
    return CustomStore(path=path, arguments=arguments)


def _check_is_empty(section: Node, diagnostics: Diagnostics) -> None:
    for key in section.all_keys():
        if key.text not in ("type", "store_type"):
            diagnostics.error(
                "T139",
                f"'{key.text}' belongs to a kind of tracker store, and none is named",
                hint="Add `type: ...`, or remove the section.",
                at=key.span,
            )
            return
