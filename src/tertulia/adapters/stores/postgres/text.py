"""Text for columns of PostgreSQL, which cannot hold the character NUL.

Rule: escaped texts have the same order and identity as the texts themselves.
"""

NUL = "\x00"
_MARK = "\x01"


def escape(text: str) -> str:
    """Return a key as it lies in a column; `restore` gives it back."""
    if NUL not in text and _MARK not in text:
        return text
    return text.replace(_MARK, _MARK + "1").replace(NUL, _MARK + "0")


def restore(text: str) -> str:
    """Return the key of a column."""
    if _MARK not in text:
        return text
    return text.replace(_MARK + "0", NUL).replace(_MARK + "1", _MARK)


def label(text: str | None, longest: int = 255) -> str | None:
    """Return what fits a column that nothing is read back from."""
    return None if text is None else text.replace(NUL, "")[:longest]
