"""What the sections of endpoints.yml say alike of the kind of thing they are about.

Source: spec endpoints.md section 1 (`type`, `store_type`).
"""

from collections.abc import Mapping
from typing import TypeVar

from tertulia.data.yaml import Node

K = TypeVar("K", bound=str)

_ORIGINALS = ("rasa.", "rasa_core.")


def kind_node(section: Node) -> Node | None:
    """Return where a section names its kind, None where it does not."""
    node = section.get("store_type") or section.get("type")
    return None if node is None or node.is_null else node


def kind_meant(written: str, names: Mapping[str, K]) -> K | str:
    """Return the kind in lower case.

    names: other spellings, in lower case, and classes of the originals, which stand for their kinds
    with and without their modules.
    """
    lower = written.lower()
    if lower.startswith(_ORIGINALS) or "." not in lower:
        last = lower.rpartition(".")[2]
        return names.get(last, last)
    return lower
