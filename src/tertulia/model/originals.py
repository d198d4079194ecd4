"""Recognises models that the originals made: they cannot be used, and saying so saves an hour.

Source: cli.md sections 1 and 2 (what each generation writes).
"""

import re
from collections.abc import Collection

from tertulia.base.errors import ModelError

_MEMBER = re.compile(
    r"metadata\.json|components(?:/.*)?"  # 3.x
    r"|fingerprint\.json|core(?:/.*)?"  # 1.x and 2.x
    r"|policy_metadata\.json|policy_\d+_\w+(?:/.*)?"  # 0.x
    r"|.*\.(?:pkl|h5|hd5)"
)
_FOLDER_MARKS = frozenset({"metadata.json", "fingerprint.json", "policy_metadata.json"})


def raise_if_original(member: str) -> None:
    """Raise ModelError when a member of an archive has a name as in a model made by Rasa."""
    if _MEMBER.fullmatch(member):
        raise _made_by_rasa()


def raise_if_original_folder(names: Collection[str]) -> None:
    """Raise ModelError when a folder holding these names is a model made by Rasa."""
    if is_original_folder(names):
        raise _made_by_rasa()


def is_original_folder(names: Collection[str]) -> bool:
    """Whether a folder holding these names is a model made by Rasa."""
    return not _FOLDER_MARKS.isdisjoint(names)


def _made_by_rasa() -> ModelError:
    return ModelError(
        "this model was made by Rasa; its files run code when they are loaded, "
        "so they are not opened here",
        hint="Retrain with `tertulia train` in the same project; of a 0.x project, with "
        "`python -m rasa_core.train` and `python -m rasa_nlu.train` as before.",
        code="T403",
    )
