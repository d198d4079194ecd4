"""Problems that every part of a YAML story can have."""

from tertulia.base.diagnostics import Diagnostics
from tertulia.base.errors import nearest
from tertulia.data.yaml import Node


class Notes:
    """Notes problems of one file."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics

    def wrong_type(self, node: Node, name: str, wanted: str, hint: str) -> None:
        """Note a value of a wrong type."""
        self._diagnostics.error(
            "T316", f"{name} must be {wanted}, not {node.kind}", hint=hint, at=node.span
        )

    def unknown_keys(self, node: Node, known: set[str] | frozenset[str], where: str) -> None:
        """Note the keys of a mapping that have no meaning there."""
        for key in [key for key, _ in node.items()]:
            if key.text not in known:
                self._diagnostics.error(
                    "T317",
                    f"'{key.text}' has no meaning in {where}",
                    hint=nearest(key.text, sorted(known)) or f"Known: {', '.join(sorted(known))}.",
                    at=key.span,
                )

    def text(self, node: Node, name: str) -> str | None:
        """Return a text, null as the empty one; None (noted) when it is something else."""
        if node.is_null:
            return ""
        if not isinstance(node.value, str):
            self.wrong_type(node, f"'{name}'", "text", "Put it in quotes.")
            return None
        return node.value.strip()
