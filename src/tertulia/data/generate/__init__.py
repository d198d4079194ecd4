"""Stories and rules to example conversations, the material of every policy's training."""

from tertulia.data.generate.conversations import Conversations
from tertulia.data.generate.run import explicit_events, generate
from tertulia.data.generate.training_tracker import (
    Example,
    TrainingEvent,
    TrainingTracker,
    examples,
    labelled_moments,
    placed_moments,
)

__all__ = [
    "Conversations",
    "Example",
    "TrainingEvent",
    "TrainingTracker",
    "examples",
    "explicit_events",
    "generate",
    "labelled_moments",
    "placed_moments",
]
