"""What a model makes of one message: shortcuts that state their intent, then the pipeline.

Source: spec nlu.md sections 8 and 9.
"""

from typing import TYPE_CHECKING

from tertulia.core.domain.model import Generation
from tertulia.core.regex_message import PREFIX, NotAShortcut, read_legacy, read_modern
from tertulia.core.understanding import NOTHING_UNDERSTOOD, Understanding

if TYPE_CHECKING:
    from tertulia.model.load import Model


def understand(model: "Model", text: str) -> tuple[Understanding, tuple[str, ...]]:
    """Return what the text means, and notes on what was odd about it."""
    if model.domain.generation is Generation.LEGACY:
        if text.startswith(PREFIX) or model.pipeline is None:
            message = read_legacy(text)
            return message.understanding(), message.notes
        return model.pipeline.parse(text), ()
    domain = model.domain
    shortcut = read_modern(text, intents=domain.intents, entities=domain.entities)
    if isinstance(shortcut, NotAShortcut):
        return _parsed(model, text), shortcut.notes
    return shortcut.understanding(), shortcut.notes


def _parsed(model: "Model", text: str) -> Understanding:
    if model.pipeline is None:
        return Understanding(text=text, intent=NOTHING_UNDERSTOOD)
    return model.pipeline.parse(text)
