"""Text that never shows itself: tokens, passwords, keys."""


class Secret:
    """A secret string. Printing or logging it shows `***`; `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._text

    def __repr__(self) -> str:
        """Show nothing."""
        return "Secret('***')"

    def __str__(self) -> str:
        """Show nothing."""
        return "***"

    def __eq__(self, other: object) -> bool:
        """Compare with another secret (not for checking credentials: use a digest)."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """Hash by the text."""
        return hash(self._text)
