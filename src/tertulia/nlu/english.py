"""The table of English words that comes with the package: who learns from it, and that it stays."""

from tertulia.base.errors import ComponentError
from tertulia.ml.word_vectors import WordVectors, english

_ENGLISH = "en"


def is_english(language: str) -> bool:
    """Whether a language is English, in any country."""
    return language.replace("_", "-").partition("-")[0].lower() == _ENGLISH


def table_as_trained(digest: str) -> WordVectors:
    """Return the table, which must be the one with this digest.

    Raises:
        ComponentError: it is another one.
    """
    table = english()
    if table.digest != digest:
        raise ComponentError(
            "the word vectors of this release are not those of the training",
            hint="Train again, or serve the model with the release that trained it.",
            code="T515",
        )
    return table
